// Family R: a proxy that must never send a request twice. Against deploy/policies/safe-proxy.yaml.

import { shippedPolicy } from '../support/policies.js';
import type { Meets } from '../support/router-model.js';
import { type Scenario, times } from './scenario.js';
import { answered, begins, leaves, type Sequence, shows } from './sequence.js';

const safeProxy = shippedPolicy('safe-proxy');
/** The same with another number of retries, or more. */
const retries = (maxRetries: number, more: object = {}) =>
  shippedPolicy('safe-proxy', {
    ceilings: { maxRetries: Math.max(3, maxRetries) },
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
    policy: safeProxy,
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
  {
    id: 'R14',
    title:
      'the record of a retried request has host, cluster, stage, error and message of each attempt, and the result',
    policy: retries(3),
    request: get,
    meets: { a: ['refused', 'tls_failure', 'refused_stream', { status: 200 }] },
    expect: {
      attempts: times(4, 'a'),
      status: 200,
      result: 'success',
      record: [
        {
          ...{ attempt: 1, cluster: 'a', host: '10.0.0.1:80', stage: 'connect', outcome: 'failure' },
          ...{ error: 'connection_refused', message: 'delayed connect error: Connection refused' },
        },
        {
          ...{ attempt: 2, cluster: 'a', host: '10.0.0.1:80', stage: 'tls', outcome: 'failure', error: 'tls' },
          message: 'TLS_error:|268435703:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end',
        },
        {
          ...{ attempt: 3, cluster: 'a', host: '10.0.0.1:80', stage: 'before_request', outcome: 'failure' },
          ...{
            error: 'refused_stream',
            message: 'upstream_reset_before_response_started{remote_refused_stream_reset|REFUSED_STREAM}',
          },
        },
        {
          ...{ attempt: 4, cluster: 'a', host: '10.0.0.1:80', stage: 'response', outcome: 'success' },
          ...{ error: null, message: null, status: 200 },
        },
      ],
    },
  },
];

const soonOpen = shippedPolicy('safe-proxy', {
  defaults: { retry: { maxRetries: 3 }, circuit: { minimumRequests: 4, open: { base: '5s', jitter: 0 } } },
});

/** Opens at 0 s, and may probe at 5 s. */
const opened = [answered(0, 'reset_after_request', 4), shows(0, { state: 'open' })];

export const sequencesR: readonly Sequence[] = [
  {
    id: 'R7',
    title: 'a client that leaves gives the permit of a probe back, and the next request is the probe',
    policy: soonOpen,
    steps: [
      ...opened,
      answered(6, 'client_leaves'),
      shows(6, { state: 'half_open' }),
      answered(6, { status: 200 }),
      shows(6, { state: 'closed' }),
    ],
  },
  {
    id: 'R7',
    title: 'a client that leaves before anything was sent gives the permit back as well',
    policy: soonOpen,
    steps: [
      ...opened,
      begins(6, 'probe', 'admitted'),
      begins(6, 'other', { reason: 'probe_limit' }),
      leaves(7, 'probe'),
      // Nothing else tells that no attempt will come: it is waited for, five seconds at most.
      begins(13, 'next', 'admitted'),
    ],
  },
];
