// Family R: a proxy that must never send a request twice.

import type { Meets } from '../support/router-model.js';
import { type Scenario, times } from './scenario.js';

const retries = (maxRetries: number, more: object = {}) => ({
  ceilings: { maxRetries: 10 },
  defaults: { retry: { maxRetries, ...more } },
});
const get = { cluster: 'a', method: 'GET', path: '/x' };
const post = { ...get, method: 'POST' };

const unwritten: readonly [string, Meets][] = [
  ['a name that does not resolve', 'dns_failure'],
  ['a refused connection', 'refused'],
  ['a connect timeout', 'connect_timeout'],
  ['a failed TLS handshake', 'tls_failure'],
  ['a reset before the request', 'reset_before_request'],
  ['a refused stream', 'refused_stream'],
];

export const familyR: readonly Scenario[] = [
  {
    id: 'R1',
    title: 'a refused connection is retried, at most maxRetries times',
    policy: retries(2),
    request: get,
    meets: { a: ['refused'] },
    expect: { attempts: times(3, 'a'), status: 503, from: 'envoy', notRetried: 'exhausted', windows: { a: [1, 1] } },
  },
  ...unwritten.map(
    ([what, meets]): Scenario => ({
      id: 'R2',
      title: `${what} leaves the request unwritten: it is retried, for a POST too`,
      policy: retries(1),
      request: post,
      meets: { a: [meets, { status: 200 }] },
      expect: { attempts: ['a', 'a'], status: 200, result: 'success', windows: { a: [2, 1] } },
    }),
  ),
  {
    id: 'R3',
    title: 'a reset after the request was written is not retried',
    policy: retries(3),
    request: get,
    meets: { a: ['reset_after_request'] },
    expect: { attempts: ['a'], status: 503, stages: ['request_sent'], notRetried: 'written', windows: { a: [1, 1] } },
  },
  {
    id: 'R3',
    title: 'a timeout after the request was written is not retried',
    policy: retries(3),
    request: get,
    meets: { a: ['no_answer'] },
    expect: { attempts: ['a'], status: 503, stages: ['request_sent'], notRetried: 'written', windows: { a: [1, 1] } },
  },
  {
    id: 'R4',
    title: 'where nothing is known of the attempt it counts as written',
    policy: retries(3),
    request: get,
    meets: { a: ['nothing_known'] },
    expect: { attempts: ['a'], status: 503, stages: ['unknown'], notRetried: 'written' },
  },
  {
    id: 'R5',
    title: 'a response interrupted after its headers is not retried and counts against the upstream',
    policy: retries(3, { statuses: [503] }),
    request: get,
    meets: { a: ['cut_body'] },
    expect: { attempts: ['a'], status: 200, stages: ['body'], windows: { a: [2, 1] } },
  },
  {
    id: 'R6',
    title: 'an upgrade is retried only while nothing was written',
    policy: retries(2, { statuses: [503], on: ['connect-failure', 'reset'] }),
    request: { ...get, headers: { upgrade: 'websocket' } },
    meets: { a: ['refused', 'reset_after_request'] },
    expect: { attempts: ['a', 'a'], status: 503, notRetried: 'not_idempotent' },
  },
  {
    id: 'R6',
    title: 'a CONNECT that was answered is never sent again',
    policy: retries(2, { statuses: [503] }),
    request: { ...get, method: 'CONNECT' },
    meets: { a: [{ status: 503 }] },
    expect: { attempts: ['a'], status: 503, notRetried: 'not_idempotent' },
  },
  {
    id: 'R7',
    title: 'a client that leaves is not retried for and costs the upstream nothing',
    policy: retries(3),
    request: get,
    meets: { a: ['client_leaves'] },
    expect: { attempts: ['a'], status: null, from: 'nobody', result: 'cancelled', windows: { a: [0, 0] } },
  },
  ...(['no_host', 'no_cluster', 'denied'] as const).map(
    (meets): Scenario => ({
      id: 'R8',
      title: `${meets} is Envoy's own answer: not retried, upstream not penalised`,
      policy: retries(3),
      request: get,
      meets: { a: [meets] },
      expect: { attempts: ['a'], status: 503, stages: ['local'], notRetried: 'local', windows: { a: [0, 0] } },
    }),
  ),
  ...[400, 404, 429, 500, 502, 503, 504].map(
    (status): Scenario => ({
      id: 'R9',
      title: `an upstream's ${status} is passed on`,
      policy: retries(3),
      request: get,
      meets: { a: [{ status }] },
      expect: { attempts: ['a'], status, from: 'upstream', notRetried: status < 429 ? null : 'not_retriable' },
    }),
  ),
  ...[0, -1].map(
    (maxRetries): Scenario => ({
      id: 'R10',
      title: `with maxRetries ${maxRetries} the retry path is never entered`,
      policy: retries(maxRetries),
      request: get,
      meets: { a: ['refused'] },
      expect: { attempts: ['a'], status: 503, notRetried: 'retries_off' },
    }),
  ),
  {
    id: 'R12',
    title: 'an error that looks safe is not retried when the request was written',
    policy: retries(3),
    request: get,
    meets: { a: ['flags_contradict'] },
    expect: { attempts: ['a'], status: 503, stages: ['unknown'], notRetried: 'written', windows: { a: [1, 1] } },
  },
  ...[1, 3, 7].map(
    (maxRetries): Scenario => ({
      id: 'R13',
      title: `always refused with maxRetries ${maxRetries} makes exactly ${maxRetries + 1} attempts`,
      policy: retries(maxRetries),
      request: get,
      meets: { a: ['refused'] },
      expect: { attempts: times(maxRetries + 1, 'a'), status: 503, notRetried: 'exhausted' },
    }),
  ),
];
