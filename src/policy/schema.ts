// Every field of the policy file with its unit, default and limits, in one place: validation, the defaults in
// force, `GET /policy` and the JSON Schema for editors are all made from this and cannot drift apart.
// Values stay in the file's own notation (`60s`); compile.ts turns them into the core's numbers.

import { z } from 'zod';
import { GRPC_CONDITIONS, UNWRITTEN_CONDITIONS, WRITTEN_CONDITIONS } from '../core/policy.js';
import { CIRCUIT_MODES } from '../core/reasons.js';
import * as f from './fields.js';

const RETRY_WORDS = [...UNWRITTEN_CONDITIONS, ...WRITTEN_CONDITIONS, ...GRPC_CONDITIONS] as const;

const mode = (what: string) =>
  f.word(CIRCUIT_MODES).describe(`enforce: ${what}; shadow: only report what it would do; off: nothing`);

const window = f
  .group({
    requests: f.count(1, 10_000).describe('The last this many results count').default(100),
    duration: f.duration('1ms', '24h').describe('Results older than this do not count').default('60s'),
  })
  .describe('Which results a failure ratio is taken over: the last `requests`, none older than `duration`');

const slow = f
  .group({
    after: f
      .duration('0s', '1h')
      .describe('Time to response headers from which an attempt is slow; 0s: off')
      .default('0s'),
    ratio: f.positiveShare().describe('Share of slow attempts in the window that opens').default(0.5),
  })
  .describe('Opens on attempts that succeed too slowly');

const open = f
  .group({
    base: f.duration('1ms', '24h').describe('Time open after the first trip').default('5s'),
    max: f.duration('1ms', '24h').describe('Longest time open, however often it trips').default('5m'),
    jitter: f.share().describe('Share of the open time that is added at random, 0 to 1').default(0.5),
  })
  .describe('How long an open circuit waits before it probes; doubles from base to max, decays after health');

const halfOpen = f
  .group({
    probes: f.count(1, 1_000).describe('Requests let through at the same time').default(1),
    successes: f.count(1, 1_000).describe('Successful probes needed to close').default(1),
    lease: f.duration('1ms', '1h').describe('A probe that nobody answered for is taken back after this').default('30s'),
  })
  .describe('How an open circuit tries whether its cluster is back');

export const circuit = f
  .group({
    mode: mode('refuse requests while open').default('enforce'),
    window: window.prefault({}),
    failureRatio: f
      .positiveShare()
      .describe('Share of failures in the window that opens; equal to it opens')
      .default(0.95),
    minimumRequests: f
      .count(1, 10_000)
      .describe('Results needed in the window before a ratio may open; more than window.requests means a full window')
      .default(10),
    consecutiveFailures: f.count(0, 10_000).describe('Failures in a row that open; 0: off').default(0),
    failureStatuses: f
      .list(f.status(), 'HTTP statuses', 500)
      .describe('HTTP statuses that count as failures')
      .default([429, 500, 502, 503, 504]),
    failureGrpcStatuses: f
      .list(f.grpcStatus(), 'gRPC statuses', 32)
      .describe('gRPC statuses that count as failures, by number or name')
      .default(['UNKNOWN', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS']),
    slow: slow.prefault({}),
    open: open.prefault({}),
    halfOpen: halfOpen.prefault({}),
    ramp: f
      .duration('0s', '1h')
      .describe('Time taken to let all traffic through again after recovery; 0s: at once')
      .default('0s'),
  })
  .describe('When a cluster gets a rest, and how it comes back');

const delay = () => f.duration('1ms', '1h').describe('Delay before the first retry, doubling for each further one');
const longest = () => f.duration('1ms', '1h').describe('Longest delay between two attempts');

const schedule = f
  .group({ base: delay(), max: longest() })
  .describe('A schedule for one status; both fields are needed');

const statusKey = z
  .string()
  .regex(/^[1-5]\d\d$/, { error: (issue) => `is ${String(issue.input)}; give an HTTP status from 100 to 599` });

const backoff = f
  .group({
    base: delay().default('25ms'),
    max: longest().default('250ms'),
    jitter: f.word(['full', 'none']).describe('full: uniform from 0 to the delay; none: the delay').default('full'),
    byStatus: f
      .named(statusKey, schedule)
      .describe('Schedules of their own for single HTTP statuses; merged status by status')
      .default({ 429: { base: '1s', max: '8s' } }),
  })
  .describe('The wait before a retry');

const honour = f
  .group({
    retryAfter: f.flag().describe('Wait as long as the upstream asks for (Retry-After and its kin)').default(true),
    max: f.duration('0s', '1h').describe('A wish for longer than this means no retry').default('5s'),
  })
  .describe("The upstream's own wishes");

const budget = f
  .group({
    ratio: f.share().describe('Retries allowed per request, 0 to 1').default(0.2),
    minPerSecond: f.amount(0, 100_000).describe('Retries allowed per second whatever the traffic').default(10),
    window: f.duration('100ms', '1h').describe('Time over which both are counted').default('10s'),
  })
  .describe('How many retries a cluster may get in all');

export const retry = f
  .group({
    mode: mode('grant retries').default('enforce'),
    maxRetries: f
      .count(-1_000, 1_000, 'a whole number of retries up to 1000, 0 for none')
      .describe('Retries, not attempts; 0 or less: none; at most ceilings.maxRetries')
      .default(1),
    on: f
      .list(f.word(RETRY_WORDS), 'retry conditions', 64)
      .describe(`Envoy's retry conditions. Safe for every request: ${UNWRITTEN_CONDITIONS.join(', ')}`)
      .default(['connect-failure', 'refused-stream', 'reset-before-request']),
    statuses: f
      .list(f.status(), 'HTTP statuses', 500)
      .describe('Response statuses worth a retry, for requests that may be repeated')
      .default([]),
    nonIdempotent: f.flag().describe('Every method may be repeated, POST included').default(false),
    perTryTimeout: f
      .duration('0s', '24h')
      .describe('Timeout of one attempt; 0s: none set by Sluice; at most ceilings.perTryTimeout')
      .default('0s'),
    judge: f.flag().describe("This cluster's Envoy configuration has the judge").default(false),
    backoff: backoff.prefault({}),
    honour: honour.prefault({}),
    budget: budget.prefault({}),
  })
  .describe('What is retried, how often and how fast');

export const fallback = f
  .list(f.clusterName(), 'cluster names', 16)
  .describe("Clusters to use instead, in order, when this one's circuit does not admit, and for retries");

export const key = f
  .group({
    header: f.headerName().describe('The request header whose value tells targets apart').optional(),
    max: f
      .count(1, 100_000)
      .describe('Values kept apart at a time, beside those under targets; the rest share one circuit')
      .default(256),
  })
  .describe('A finer key than the cluster: circuit and budget per value of a request header');

export const ceilings = f
  .group({
    maxRetries: f.count(0, 50).describe('No maxRetries below may go past this').default(3),
    perTryTimeout: f.duration('1ms', '24h').describe('No perTryTimeout below may go past this').default('30s'),
  })
  .describe('Hard limits: anything below that goes past them is lowered, with a warning');

/** What applies to a cluster, complete; parsing `{}` gives the built-in defaults. */
export const layer = f
  .group({
    circuit: circuit.prefault({}),
    retry: retry.prefault({}),
    fallback: fallback.default([]),
    key: key.prefault({}),
  })
  .describe('What applies where neither a cluster nor a route says otherwise');

/** Every field present, in the file's notation. */
export type Effective = z.output<typeof layer>;
export type Ceilings = z.output<typeof ceilings>;
