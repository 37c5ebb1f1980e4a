// The judge, at the response headers of an attempt: shall Envoy throw this response away and try again, when, and
// where? Saying no is always safe: the upstream's own answer then goes to the client untouched.

import type { Context } from '../context.js';
import type { RefusalReason } from '../reasons.js';
import { delayMs } from '../retry/backoff.js';
import { type FailedAttempt, refusalFor } from '../retry/eligibility.js';
import type { Wish } from '../retry/wish.js';
import { type Attempt, giveBackPending, type Session, slotOf } from '../session.js';
import type { ClusterOrder } from '../stream.js';

export type JudgeDecision =
  | { readonly kind: 'pass' }
  | {
      readonly kind: 'retry';
      /** How long the answer is held back, and with it the retry. */
      readonly holdMs: number;
      /** Where the attempts still to come go; null: as planned. */
      readonly order: ClusterOrder | null;
    };

export interface ResponseSeen extends FailedAttempt {
  readonly wish: Wish;
  /** Time left for the request; null: no limit, or not known. */
  readonly remainingMs: number | null;
}

const PASS: JudgeDecision = { kind: 'pass' };

/** The attempt must have been settled with the same response. */
export function judge(
  context: Context,
  session: Session,
  attempt: Attempt,
  seen: ResponseSeen,
  now: number,
): JudgeDecision {
  const unfit = unfitness(session, seen);
  if (unfit === 'not_retriable' && attempt.outcome === 'success') return PASS;
  const plan = unfit ?? planRetry(context, session, attempt, seen, now);
  if (typeof plan !== 'string') return plan;
  session.record.notRetried = plan;
  return PASS;
}

/** What speaks against any retry of this response; null: nothing. */
function unfitness(session: Session, seen: ResponseSeen): RefusalReason | null {
  const { retry } = session.policy;
  const refusal = refusalFor(seen, retry, session.repeatable);
  if (!retry.honour.retryAfter) return refusal;
  if (seen.wish.retry === false) return refusal === 'not_retriable' ? refusal : 'server_pushback';
  const asked = seen.wish.retry === true && refusal === 'not_retriable' && (seen.status ?? 0) >= 400;
  if (!asked) return refusal;
  return session.repeatable ? null : 'not_idempotent';
}

function planRetry(
  context: Context,
  session: Session,
  attempt: Attempt,
  seen: ResponseSeen,
  now: number,
): JudgeDecision | RefusalReason {
  if (session.grant === null) return session.notGranted ?? 'retries_off';
  if (attempt.attempt > session.grant.maxRetries) return 'exhausted';
  const planned = session.plan.slice(attempt.attempt);
  const ahead = clustersAhead(session, attempt, planned, seen, now);
  const next = ahead[0];
  if (next === undefined) return nothingAhead(session, planned);
  const holdMs = holdFor(context, session, attempt, seen, next);
  if (holdMs === null) return 'server_pushback';
  if (seen.remainingMs !== null && holdMs >= seen.remainingMs) return 'deadline';
  // Asked twice of one attempt, it still decides on one retry.
  giveBackPending(session, now);
  if (session.budget !== null && !session.budget.tryWithdraw(now)) return 'retry_budget';
  session.pending = { attempt: attempt.attempt + 1, waitMs: holdMs, withdrawnAtMs: now };
  return { kind: 'retry', holdMs, order: replan(session, attempt, ahead) };
}

/** The hold was cut short: the client has gone, and what was taken for the retry is given back. */
export function abandonRetry(session: Session, now: number): void {
  if (giveBackPending(session, now)) session.record.notRetried = 'cancelled';
}

/** Statuses of overload and breakdown may be different a moment later; any other answer will stay what it is. */
function isTransient(status: number | null): boolean {
  return status === null || status === 429 || status >= 500;
}

/** What is left of the plan, without clusters that are open now or whose answer would not change. */
function clustersAhead(
  session: Session,
  attempt: Attempt,
  planned: readonly string[],
  seen: ResponseSeen,
  now: number,
): readonly string[] {
  const slot = slotOf(session, attempt.cluster);
  if (slot !== undefined && !isTransient(seen.status) && session.slots.length > 1) slot.spent = true;
  return planned.filter((cluster) => {
    const target = slotOf(session, cluster);
    return target === undefined || (!target.spent && target.circuit.passive(now) !== null);
  });
}

function nothingAhead(session: Session, planned: readonly string[]): RefusalReason {
  // What was planned for a cluster that is spent is not made up for elsewhere.
  if (planned.length === 0) return 'exhausted';
  return planned.every((cluster) => slotOf(session, cluster)?.spent) ? 'not_retriable' : 'circuit_open';
}

function replan(session: Session, attempt: Attempt, ahead: readonly string[]): ClusterOrder | null {
  const before = session.plan;
  const plan = [...before.slice(0, attempt.attempt), ...ahead];
  session.plan = plan;
  return ahead.every((cluster, i) => cluster === before[attempt.attempt + i]) ? null : plan;
}

/** The schedule's delay, or the server's wish where that is longer; null: it wishes for more than is allowed. */
function holdFor(
  context: Context,
  session: Session,
  attempt: Attempt,
  seen: ResponseSeen,
  next: string,
): number | null {
  const { backoff, honour } = session.policy.retry;
  const fresh = !session.attempts.some((made) => made.cluster === next);
  // Another cluster has not failed yet and asked for nothing: there is nothing to wait for.
  if (fresh) return 0;
  const delay = delayMs(backoff, attempt.attempt - 1, seen.status, context.random);
  const sameCluster = next === attempt.cluster;
  if (!honour.retryAfter || !sameCluster || seen.wish.waitMs <= delay) return delay;
  return seen.wish.waitMs <= honour.maxMs ? seen.wish.waitMs : null;
}
