// Which failures of which requests may be retried. Two questions: what may Envoy be told to retry by itself
// (the grant), and may this one failed attempt be retried (the judge, and the explanation afterwards). Both start
// from the same rule: what may have been written is repeated only where request and policy both allow it.

import { provenUnwritten, type Settlement } from '../classify.js';
import { GRPC_CONDITIONS, type RetryCondition, type RetryPolicy, UNWRITTEN_CONDITIONS } from '../policy.js';
import type { ErrorKind, RefusalReason } from '../reasons.js';

export interface Grant {
  /** 0: Envoy must not retry, whatever its route says. */
  readonly maxRetries: number;
  readonly on: readonly RetryCondition[];
  readonly grpcOn: readonly RetryCondition[];
  /** Statuses that Envoy itself retries, where no judge is there to decide. */
  readonly statuses: readonly number[];
  /** The judge may ask for a retry by response header. */
  readonly judged: boolean;
  readonly perTryTimeoutMs: number;
}

const UNWRITTEN: ReadonlySet<RetryCondition> = new Set(UNWRITTEN_CONDITIONS);
const GRPC: ReadonlySet<RetryCondition> = new Set(GRPC_CONDITIONS);

/**
 * Conditions on an answer. Told to Envoy, it would retry such an answer at once whatever the judge says: a wait, a wish of
 * the server not to be retried. Where a judge decides, they are for it alone.
 */
const ANSWERED: ReadonlySet<RetryCondition> = new Set([...GRPC_CONDITIONS, '5xx', 'gateway-error', 'retriable-4xx']);
/** Of these, Envoy holds no answer at all for one of them as well. */
const ALSO_RESETS: ReadonlySet<RetryCondition> = new Set<RetryCondition>(['5xx', 'gateway-error']);

/** Who decides about a response: a judge where the cluster has one, else Envoy by its status alone. */
export interface Judges {
  /** The cluster of the first attempt has a judge: its statuses are not Envoy's business. */
  readonly first: boolean;
  /** Some cluster of this request has one. */
  readonly any: boolean;
}

/** By policy, and in the order of `variantOf`: a policy has few grants and very many requests. */
const madeGrants = new WeakMap<RetryPolicy, (Grant | null | undefined)[]>();

/** The widest grant that the policy allows this request; null where nothing could be retried. The same one every time. */
export function grantFor(policy: RetryPolicy, repeatable: boolean, judges: Judges): Grant | null {
  let made = madeGrants.get(policy);
  if (made === undefined) {
    made = [];
    madeGrants.set(policy, made);
  }
  const variant = variantOf(repeatable, judges);
  const known = made[variant];
  if (known !== undefined) return known;
  const grant = makeGrant(policy, repeatable, judges);
  made[variant] = grant;
  return grant;
}

function variantOf(repeatable: boolean, judges: Judges): number {
  return (repeatable ? 1 : 0) + (judges.first ? 2 : 0) + (judges.any ? 4 : 0);
}

function makeGrant(policy: RetryPolicy, repeatable: boolean, judges: Judges): Grant | null {
  const on = new Set<RetryCondition>();
  const grpcOn: RetryCondition[] = [];
  let byJudge = false;
  for (const condition of policy.on) {
    if (!repeatable && !UNWRITTEN.has(condition)) continue;
    if (judges.first && ANSWERED.has(condition)) {
      byJudge = true;
      if (ALSO_RESETS.has(condition)) on.add('reset');
    } else if (GRPC.has(condition)) grpcOn.push(condition);
    else on.add(condition);
  }
  const byStatus = repeatable && policy.statuses.size > 0;
  if (on.size === 0 && grpcOn.length === 0 && !byStatus && !byJudge) return null;
  return {
    maxRetries: policy.maxRetries,
    on: [...on],
    grpcOn,
    statuses: byStatus && !judges.first ? [...policy.statuses] : [],
    judged: repeatable && judges.any,
    perTryTimeoutMs: policy.perTryTimeoutMs,
  };
}

/** The attempt as far as retrying it is concerned. */
export type FailedAttempt = Pick<Settlement, 'stage' | 'outcome' | 'error'> & {
  readonly status: number | null;
  readonly grpcStatus: number | null;
};

/**
 * Why this attempt may not be retried; null where it may. It may be a success: a status that the circuit
 * takes for good can still be one that the policy retries.
 */
export function refusalFor(attempt: FailedAttempt, policy: RetryPolicy, repeatable: boolean): RefusalReason | null {
  if (attempt.stage === 'cancelled') return 'cancelled';
  if (attempt.stage === 'local') return 'local';
  if (attempt.stage === 'body') return 'written';
  if (provenUnwritten(attempt.stage)) return namesUnwritten(attempt.error, policy) ? null : 'not_retriable';
  if (attempt.stage === 'response') {
    if (!namesResponse(attempt, policy)) return 'not_retriable';
    return repeatable ? null : 'not_idempotent';
  }
  if (!policy.on.some((condition) => WRITTEN_RESETS.has(condition))) return 'written';
  return repeatable ? null : 'not_idempotent';
}

const WRITTEN_RESETS: ReadonlySet<RetryCondition> = new Set<RetryCondition>(['reset', '5xx', 'gateway-error']);

function namesUnwritten(error: ErrorKind | null, policy: RetryPolicy): boolean {
  const reset = error === 'reset' || error === 'refused_stream';
  const wanted: RetryCondition = !reset
    ? 'connect-failure'
    : error === 'reset'
      ? 'reset-before-request'
      : 'refused-stream';
  return policy.on.includes(wanted);
}

function namesResponse({ status, grpcStatus }: FailedAttempt, policy: RetryPolicy): boolean {
  if (status === null) return false;
  if (policy.statuses.has(status)) return true;
  if (policy.on.includes('5xx') && status >= 500) return true;
  if (policy.on.includes('gateway-error') && status >= 502 && status <= 504) return true;
  if (policy.on.includes('retriable-4xx') && status === 409) return true;
  return grpcStatus !== null && policy.on.some((condition) => GRPC_CODES.get(condition) === grpcStatus);
}

const GRPC_CODES: ReadonlyMap<RetryCondition, number> = new Map<RetryCondition, number>([
  ['cancelled', 1],
  ['deadline-exceeded', 4],
  ['resource-exhausted', 8],
  ['internal', 13],
  ['unavailable', 14],
]);
