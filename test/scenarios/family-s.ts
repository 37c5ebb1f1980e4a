// Family S: a gateway that gives an overloaded model a rest. Against deploy/policies/model-gateway.yaml.

import { shippedPolicy } from '../support/policies.js';
import { answered, begins, ends, type Figures, forced, refused, type Sequence, type Step, shows } from './sequence.js';

const modelGateway = shippedPolicy('model-gateway');
/** The same with another circuit. */
const gateway = (circuit: object) => shippedPolicy('model-gateway', { defaults: { circuit } });
/** Answered in no time, so that times are exact. */
const at = (status: number) => ({ status, afterMs: 0 });

/** Ten failures open it at 0 s; without jitter it may probe at 5 s. */
const opens = [answered(0, at(500), 10), shows(0, { state: 'open', reason: 'failure_ratio' })];
const resting = gateway({ open: { jitter: 0 } });

const quarters = gateway({ failureRatio: 0.5, minimumRequests: 4 });
const [OK, BAD] = [200, 500];

export const familyS: readonly Sequence[] = [
  {
    id: 'S1',
    title: 'a cluster never seen is available, and its circuit holds nothing before its first result',
    policy: modelGateway,
    steps: [
      shows(0, null),
      begins(0, 'first', 'admitted'),
      shows(0, { state: 'closed', requests: 0 }),
      ends(1, 'first', 200),
      shows(1, { state: 'closed', requests: 1, failures: 0 }),
    ],
  },
  {
    id: 'S2',
    title: '200, 429, 200, 500, timeout, cancel, reset: success, fail, success, fail, fail, not counted, fail',
    policy: modelGateway,
    steps: [
      [at(200), 1, 0] as const,
      [at(429), 2, 1] as const,
      [at(200), 3, 1] as const,
      [at(500), 4, 2] as const,
      ['no_answer', 5, 3] as const,
      ['client_leaves', 5, 3] as const,
      ['reset_after_request', 6, 4] as const,
    ].flatMap(([meets, requests, failures], i) => [answered(i, meets), shows(i, { requests, failures })]),
  },
  ...(
    [
      ['1 of 4 stays closed', [OK, OK, OK, BAD], 'closed'],
      ['2 of 4 opens', [OK, OK, BAD, BAD], 'open'],
      ['3 of 4 opens', [OK, BAD, BAD, BAD], 'open'],
      ['none stays closed', [OK, OK, OK, OK], 'closed'],
    ] as const
  ).map(
    ([title, statuses, state]): Sequence => ({
      id: 'S3',
      title: `ratio 0.5, minimum 4: ${title}`,
      policy: quarters,
      steps: [
        ...statuses.slice(0, 3).map((status) => answered(0, at(status))),
        shows(0, { state: 'closed' }),
        ...statuses.slice(3).map((status) => answered(0, at(status))),
        shows(0, { state }),
      ],
    }),
  ),
  {
    id: 'S4',
    title: 'a window of 2 that saw 200, 429, 500, 504 holds 500 and 504',
    policy: gateway({ window: { requests: 2 }, minimumRequests: 2 }),
    steps: [
      // By hand, so that it does not open on the way and goes on counting.
      answered(0, at(200)),
      forced(0, 'disabled'),
      ...(
        [
          [200, 1, 0],
          [429, 2, 1],
          [500, 2, 2],
          [504, 2, 2],
          [200, 2, 1],
          [200, 2, 0],
        ] as const
      ).flatMap(([status, requests, failures]) => [answered(1, at(status)), shows(1, { requests, failures })]),
    ],
  },
  {
    id: 'S5',
    title: 'what is 90 s old is outside, an age of exactly 60 s counts: ratio .75',
    policy: modelGateway,
    steps: [
      ...(
        [
          [120, 504],
          [90, 504],
          [60, 200],
          [50, 200],
          [50, 504],
          [40, 504],
          [30, 500],
          [20, 504],
          [10, 500],
          [0, 504],
        ] as const
      ).map(([ageS, status]) => answered(120 - ageS, at(status))),
      shows(120, { state: 'closed', requests: 8, failures: 6, failureRatio: 0.75 }),
      shows(120.001, { requests: 7, failures: 6 }),
    ],
  },
  {
    id: 'S6',
    title: 'with everything aged out the ratio is 0 and the circuit closed',
    policy: modelGateway,
    steps: [
      answered(0, at(500), 9),
      shows(60, { state: 'closed', requests: 9, failureRatio: 1 }),
      shows(60.001, { state: 'closed', requests: 0, failures: 0, failureRatio: 0 }),
      answered(61, at(500)),
      shows(61, { state: 'closed', requests: 1 }),
    ],
  },
  {
    id: 'S7',
    title: 'open: 503 at once, nothing is sent, and the refusals are not counted',
    policy: resting,
    steps: [
      ...opens,
      shows(0, { requests: 10, failures: 10 }),
      refused(1, { reason: 'circuit_open' }, 100),
      shows(1, { state: 'open', requests: 10, failures: 10 }),
      shows(4.999, { state: 'open' }),
    ],
  },
  {
    id: 'S8',
    title: 'open: the 503 says why and when to come back; a gRPC client gets UNAVAILABLE',
    policy: resting,
    steps: [
      ...opens,
      begins(0, 'http', { reason: 'circuit_open', retryAfter: 5, grpcStatus: null }),
      begins(1.5, 'grpc', { reason: 'circuit_open', retryAfter: 4, grpcStatus: 14 }, true),
      begins(4.9, 'late', { reason: 'circuit_open', retryAfter: 1 }),
    ],
  },
  {
    id: 'S9',
    title: '10 of 12 open at a ratio of .8',
    policy: gateway({ failureRatio: 0.8, minimumRequests: 12 }),
    steps: [
      answered(0, at(200), 2),
      answered(0, at(500), 9),
      shows(0, { state: 'closed' }),
      answered(0, at(500)),
      shows(0, { state: 'open', requests: 12, failures: 10 }),
    ],
  },
  {
    id: 'S9',
    title: '10 of 10,000 do not open at a ratio of .8',
    policy: gateway({ failureRatio: 0.8, minimumRequests: 12, window: { requests: 10_000 } }),
    steps: [
      answered(0, at(200), 9990),
      answered(0, at(500), 10),
      shows(0, { state: 'closed', requests: 10_000, failures: 10, failureRatio: 0.001 }),
    ],
  },
  {
    id: 'S10',
    title: 'one failure and nothing else does not open',
    policy: modelGateway,
    steps: [answered(0, at(500)), shows(0, { state: 'closed', requests: 1, failures: 1, failureRatio: 1 })],
  },
  {
    id: 'S12',
    title: 'open time over: as many probes as are set, and no more',
    policy: gateway({ open: { jitter: 0 }, halfOpen: { probes: 2, successes: 2 } }),
    steps: [
      ...opens,
      begins(5, 'one', 'admitted'),
      begins(5, 'two', 'admitted'),
      begins(5, 'three', { reason: 'probe_limit' }),
      ends(6, 'one', 200),
      shows(6, { state: 'half_open' }),
      ends(6, 'two', 200),
      shows(6, { state: 'recovering' }),
    ],
  },
  {
    id: 'S12',
    title: 'success closes by the ramp',
    policy: resting,
    steps: [...opens, ...recovers(5, { state: 'recovering' }), shows(15, { state: 'closed' })],
  },
  {
    id: 'S12',
    title: 'success closes at once where no ramp is set',
    policy: gateway({ open: { jitter: 0 }, ramp: '0s' }),
    steps: [...opens, ...recovers(5, { state: 'closed', requests: 0 })],
  },
  {
    id: 'S12',
    title: 'failure opens again for longer, twice as long each time',
    policy: resting,
    steps: [
      ...opens,
      answered(5, at(500)),
      shows(14.999, { state: 'open', reason: 'probe_failed' }),
      shows(15, { state: 'half_open' }),
      answered(15, at(429)),
      shows(34.999, { state: 'open' }),
      shows(35, { state: 'half_open' }),
    ],
  },
  {
    id: 'S13',
    title: 'of two clusters that one fails leaves the other as it was',
    policy: resting,
    steps: [
      answered(0, at(200), 5, 'b'),
      ...opens,
      refused(1, { reason: 'circuit_open' }),
      answered(1, at(200), 1, 'b'),
      shows(1, { state: 'closed', requests: 6, failures: 0 }, 'b'),
    ],
  },
];

/** One probe succeeds. */
function recovers(atS: number, figures: Figures): Step[] {
  return [answered(atS, at(200)), shows(atS, figures)];
}
