// Family N: an inference pool with several providers, each a cluster with the judge. Against
// deploy/policies/inference-pool.yaml: `a` has no fallback there, `provider-a` and `provider-b` have one another.

import { shippedPolicy } from '../support/policies.js';
import { type Scenario, times } from './scenario.js';
import { answered, type Sequence, shows } from './sequence.js';

const inferencePool = shippedPolicy('inference-pool');
/** The same with other rules for retries. */
const pool = (retry: object, rest: object = {}) => shippedPolicy('inference-pool', { ...rest, defaults: { retry } });
const ask = { cluster: 'a', method: 'POST', path: '/v1/chat' };
const [A, B] = ['provider-a', 'provider-b'] as const;
const askA = { ...ask, cluster: A };

export const familyN: readonly Scenario[] = [
  {
    id: 'N1',
    title: 'refused on every attempt makes four attempts',
    policy: inferencePool,
    request: ask,
    meets: { a: ['refused'] },
    expect: { attempts: times(4, 'a'), status: 503, from: 'envoy', notRetried: 'exhausted' },
  },
  {
    id: 'N2',
    title: 'refused, then 200, is one success',
    policy: inferencePool,
    request: ask,
    meets: { a: ['refused', { status: 200 }] },
    expect: { attempts: ['a', 'a'], status: 200, result: 'success', windows: { a: [2, 1] } },
  },
  {
    id: 'N3',
    title: 'an opted-in 502 waits 500, 1000, 2000 ms and the last one is passed on',
    policy: inferencePool,
    request: { ...ask, method: 'GET' },
    meets: { a: [{ status: 502 }] },
    expect: {
      attempts: times(4, 'a'),
      status: 502,
      from: 'upstream',
      waits: [500, 1000, 2000],
      notRetried: 'exhausted',
    },
  },
  {
    id: 'N4',
    title: 'a 400 is one attempt and no failure',
    policy: inferencePool,
    request: ask,
    meets: { a: [{ status: 400 }] },
    expect: { attempts: ['a'], status: 400, notRetried: null, windows: { a: [1, 0] } },
  },
  {
    id: 'N5',
    title: 'a 429 has a schedule of its own: 1, 2, 4 s',
    policy: inferencePool,
    request: ask,
    meets: { a: [{ status: 429 }] },
    expect: { attempts: times(4, 'a'), status: 429, waits: [1000, 2000, 4000] },
  },
  {
    id: 'N6',
    title: 'a 408 goes to the fallback once and never back',
    policy: inferencePool,
    request: askA,
    meets: { [A]: [{ status: 408 }], [B]: [{ status: 200 }] },
    expect: { attempts: [A, B], status: 200 },
  },
  {
    id: 'N7',
    title: 'a failure that is no transport failure and no opted-in status is one attempt',
    policy: inferencePool,
    request: ask,
    meets: { a: [{ status: 500 }] },
    expect: { attempts: ['a'], status: 500, notRetried: 'not_retriable' },
  },
  {
    id: 'N8',
    title: 'a response timeout after a written POST is one attempt',
    policy: inferencePool,
    request: ask,
    meets: { a: ['no_answer'] },
    expect: { attempts: ['a'], status: 503, notRetried: 'written' },
  },
  {
    id: 'N8',
    title: 'a response timeout after a written POST is one attempt, resets opted in or not',
    policy: pool({ nonIdempotent: false, on: ['connect-failure', 'reset'] }),
    request: ask,
    meets: { a: ['no_answer'] },
    expect: { attempts: ['a'], status: 503, notRetried: 'not_idempotent' },
  },
  {
    id: 'N8',
    title: 'a connect timeout is four attempts',
    policy: pool({ nonIdempotent: false }),
    request: ask,
    meets: { a: ['connect_timeout'] },
    expect: { attempts: times(4, 'a'), status: 503 },
  },
  {
    id: 'N9',
    title: 'where A answers 503 the answer of fallback B is the one',
    policy: inferencePool,
    request: askA,
    meets: { [A]: [{ status: 503 }], [B]: [{ status: 200 }] },
    expect: {
      attempts: [A, B],
      status: 200,
      result: 'success',
      record: [
        { attempt: 1, cluster: A, outcome: 'failure', status: 503 },
        { attempt: 2, cluster: B, outcome: 'success', status: 200 },
      ],
      windows: { [A]: [1, 1], [B]: [1, 0] },
    },
  },
  {
    id: 'N10',
    title: 'two failing clusters take turns, and each counts one failure',
    policy: pool({ maxRetries: 7 }, { ceilings: { maxRetries: 7 } }),
    request: askA,
    meets: { [A]: [{ status: 503 }], [B]: [{ status: 503 }] },
    expect: {
      attempts: [A, B, A, B, A, B, A, B],
      status: 503,
      // The exponent is shared, so the third attempt waits for the second retry's time.
      waits: [0, 1000, 2000, 4000, 8000, 8000, 8000],
      windows: { [A]: [1, 1], [B]: [1, 1] },
    },
  },
  {
    id: 'N12',
    title: 'an early end reports the attempts made, not the attempts allowed',
    policy: inferencePool,
    request: ask,
    meets: { a: [{ status: 503 }, { status: 400 }] },
    expect: { attempts: ['a', 'a'], status: 400 },
  },
  {
    id: 'N13',
    title: 'four failing attempts of one request are one failure in the window',
    policy: inferencePool,
    request: ask,
    meets: { a: [{ status: 503 }] },
    expect: { attempts: times(4, 'a'), status: 503, windows: { a: [1, 1] } },
  },
  {
    id: 'N14',
    title: 'the last failure picks the schedule, the exponent is shared',
    policy: inferencePool,
    request: ask,
    meets: { a: [{ status: 503 }, { status: 429 }, { status: 503 }, { status: 200 }] },
    expect: { attempts: times(4, 'a'), status: 200, waits: [500, 2000, 2000] },
  },
  {
    id: 'N16',
    title: 'a cluster whose failure was not transient is not tried again in this request',
    policy: inferencePool,
    request: askA,
    meets: { [A]: [{ status: 408 }], [B]: [{ status: 503 }] },
    expect: { attempts: [A, B, B], status: 503 },
  },
  {
    id: 'N17',
    title: 'the record of a request that failed throughout shows every error, not only the last',
    policy: inferencePool,
    request: ask,
    meets: { a: ['refused', { status: 429 }, 'reset_before_request', { status: 503 }] },
    expect: {
      attempts: times(4, 'a'),
      status: 503,
      result: 'failure',
      record: [
        { error: 'connection_refused', status: null, message: 'delayed connect error: Connection refused' },
        { error: 'status', status: 429 },
        { error: 'reset', status: null, message: 'upstream_reset_before_response_started' },
        { error: 'status', status: 503 },
      ],
    },
  },
];

const threeInARow = shippedPolicy('inference-pool', { defaults: { circuit: { consecutiveFailures: 3 } } });

export const sequencesN: readonly Sequence[] = [
  {
    id: 'N15',
    title: 'a success sets consecutive failures back to 0',
    policy: threeInARow,
    steps: [
      answered(0, { status: 500 }, 2),
      shows(0, { state: 'closed', consecutiveFailures: 2 }),
      answered(1, { status: 200 }),
      shows(1, { state: 'closed', consecutiveFailures: 0 }),
      answered(2, { status: 500 }, 2),
      shows(2, { state: 'closed', consecutiveFailures: 2 }),
      answered(3, { status: 500 }),
      shows(3, { state: 'open', reason: 'consecutive_failures' }),
    ],
  },
];
