// The policy as the core reads it: every field present, durations in milliseconds, statuses as sets.
// `src/policy` makes these from the file; nothing in here knows YAML, globs or defaults.

import type { Mode } from './reasons.js';

/** Retry conditions of Envoy that hold only when not a byte of the request was written. Safe for every method. */
export const UNWRITTEN_CONDITIONS = ['connect-failure', 'refused-stream', 'reset-before-request'] as const;
/** Retry conditions of Envoy that may hold after the request was written. Only for requests that may be repeated. */
export const WRITTEN_CONDITIONS = ['reset', '5xx', 'gateway-error', 'retriable-4xx'] as const;
/** The same, judged by `grpc-status`; sent as `x-envoy-retry-grpc-on`. */
export const GRPC_CONDITIONS = [
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
] as const;
export type RetryCondition =
  | (typeof UNWRITTEN_CONDITIONS)[number]
  | (typeof WRITTEN_CONDITIONS)[number]
  | (typeof GRPC_CONDITIONS)[number];

export interface CircuitPolicy {
  readonly mode: Mode;
  /** The last `requests` results, none older than `durationMs` (an age of exactly that still counts). */
  readonly window: { readonly requests: number; readonly durationMs: number };
  /** 0 to 1, inclusive: a ratio equal to it opens. */
  readonly failureRatio: number;
  /** Results needed in the window before a ratio may open. */
  readonly minimumRequests: number;
  /** Failures in a row that open; 0: off. */
  readonly consecutiveFailures: number;
  readonly failureStatuses: ReadonlySet<number>;
  /** `grpc-status` codes that count as failures. */
  readonly failureGrpcStatuses: ReadonlySet<number>;
  /** Time to response headers from which an attempt is slow, and the share of slow ones that opens. 0 ms: off. */
  readonly slow: { readonly afterMs: number; readonly ratio: number };
  /** `jitter` 0 to 1: the share of the open time that is added at random. */
  readonly open: { readonly baseMs: number; readonly maxMs: number; readonly jitter: number };
  readonly halfOpen: { readonly probes: number; readonly successes: number; readonly leaseMs: number };
  /** How long `recovering` takes to let everything through again; 0: straight to closed. */
  readonly rampMs: number;
}

export interface BackoffSchedule {
  readonly baseMs: number;
  readonly maxMs: number;
}

export interface BackoffPolicy extends BackoffSchedule {
  /** `full`: uniform between 0 and the schedule's delay. */
  readonly jitter: 'full' | 'none';
  /** Schedules of their own for single statuses. */
  readonly byStatus: ReadonlyMap<number, BackoffSchedule>;
}

export interface BudgetPolicy {
  /** Retries allowed per request of the window. */
  readonly ratio: number;
  /** Retries allowed per second whatever the traffic. */
  readonly minPerSecond: number;
  readonly windowMs: number;
}

export interface RetryPolicy {
  readonly mode: Mode;
  /** Retries, not attempts; already brought under the ceiling. 0: off. */
  readonly maxRetries: number;
  readonly on: readonly RetryCondition[];
  /** Response statuses worth a retry, for requests that may be repeated. */
  readonly statuses: ReadonlySet<number>;
  /** Every method may be repeated. */
  readonly nonIdempotent: boolean;
  /** 0: none set by Sluice. Already brought under the ceiling. */
  readonly perTryTimeoutMs: number;
  /** This cluster's Envoy configuration has the judge. */
  readonly judge: boolean;
  readonly backoff: BackoffPolicy;
  readonly honour: { readonly retryAfter: boolean; readonly maxMs: number };
  readonly budget: BudgetPolicy;
}

export interface ClusterPolicy {
  readonly circuit: CircuitPolicy;
  readonly retry: RetryPolicy;
  /** Clusters to use instead, in order, when this one's circuit does not admit, and for retries. */
  readonly fallback: readonly string[];
}

/** The target that all values share which have none of their own. A client that sends this very value is one of them. */
export const OTHER_TARGET = '_other';
/** In UTF-16 code units; a longer value shares. */
export const MAX_TARGET_LENGTH = 128;

/** How a cluster is split into targets: by the value of one request header. */
export interface KeyPolicy {
  /** In lower case. */
  readonly header: string;
  /** Values kept apart at a time, at least 1; the rest share one target. */
  readonly max: number;
}

/** Answers for any cluster name; unknown names get the defaults. Cheap enough to be asked for every request. */
export interface PolicyResolver {
  /**
   * What applies to a request: the cluster's policy, the target's overrides on top, and the route's on top of these.
   * @param target null: none. @param route '': Envoy names none, or only what belongs to the circuit is asked for.
   */
  forTarget(cluster: string, target: string | null, route: string): ClusterPolicy;
  /** How the cluster is split into targets; null: not at all. */
  keyFor(cluster: string): KeyPolicy | null;
  /** Does the policy override anything for this very value? Such a value always has a circuit of its own. */
  listsTarget(cluster: string, target: string): boolean;
  /** The cluster that a route which leaves the choice to Sluice (`cluster_header`) starts from; null: none is named. */
  routeCluster(route: string): string | null;
}
