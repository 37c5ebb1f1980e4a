// The end of a request: its last evidence is in, or is no longer waited for. Permits go back, the story is
// completed, and the retries are counted by what caused them, which is only known now.

import type { Context } from './context.js';
import type { RetryCause } from './observer.js';
import type { Result } from './reasons.js';
import type { RequestRecord } from './record.js';
import { refusalFor } from './retry/eligibility.js';
import { type Attempt, giveBackPending, type Session } from './session.js';
import { settle, settleWithoutEvidence } from './settle.js';

export function finish(context: Context, session: Session, now: number): void {
  for (const attempt of session.attempts) if (!attempt.settled) giveUp(context, session, attempt, now);
  releasePermits(session, now);
  session.over = true;
  const { record } = session;
  record.endedAtMs ??= now;
  if (record.result === 'pending') record.result = 'unknown';
  returnUnused(session, now);
  if (session.answered) explainNoRetry(session, session.attempts.at(-1));
  countRetries(context, session);
  if (session.policy.retry.mode === 'shadow') countShadowed(context, session);
  context.observer.finished(record);
}

/** Those that no result came for; harmless for all others. */
export function releasePermits(session: Session, now: number): void {
  for (const { circuit, permit } of session.slots) circuit.release(permit, now);
  for (const { own } of session.attempts) own?.circuit.release(own.permit, now);
}

/** The result for the client, told by the last attempt; where none was made, by what Envoy answered itself. */
export function resultOf(session: Session, last: Attempt | undefined): Result {
  if (session.refusedAttempt > 0) return 'refused';
  // Whatever the upstream had answered by then, the client was sent nothing.
  if (!session.answered && session.record.status === null) return 'cancelled';
  if (last === undefined) return resultWithoutAttempt(session.record.status);
  if (last.outcome === 'success') return 'success';
  return last.stage === 'cancelled' ? 'cancelled' : 'failure';
}

function resultWithoutAttempt(status: number | null): Result {
  if (status === null) return 'unknown';
  return status < 400 ? 'success' : 'failure';
}

/** Why the last failed attempt was not followed by another; null where nothing failed. */
export function explainNoRetry(session: Session, last: Attempt | undefined): void {
  const { record } = session;
  if (record.notRetried !== null || record.result === 'success') return;
  if (last === undefined) {
    record.notRetried = record.result === 'cancelled' ? 'cancelled' : 'local';
    return;
  }
  const refusal = refusalFor({ ...last, grpcStatus: null }, session.policy.retry, session.repeatable);
  record.notRetried =
    (session.grant === null ? (session.notGranted ?? 'retries_off') : null) ??
    refusal ??
    (last.attempt > (session.grant?.maxRetries ?? 0) ? 'exhausted' : 'not_retried_by_envoy');
}

/** No more evidence is waited for: what there is has to do. */
function giveUp(context: Context, session: Session, attempt: Attempt, now: number): void {
  if (attempt.vague === null) settleWithoutEvidence(context, session, attempt, now);
  else settle(context, session, attempt, attempt.cluster, attempt.vague, 0, now);
}

/** A retry that was decided but never seen was not sent. */
export function returnUnused(session: Session, now: number): void {
  if (giveBackPending(session, now) && session.record.result !== 'success')
    session.record.notRetried ??= 'not_retried_by_envoy';
}

/** What would have been retried, had Sluice a say. */
function countShadowed(context: Context, session: Session): void {
  const last = session.attempts.at(-1);
  if (last === undefined || last.outcome !== 'failure' || session.notGranted !== null) return;
  const refusal = refusalFor({ ...last, grpcStatus: null }, session.policy.retry, session.repeatable);
  if (refusal === null) {
    context.observer.shadowed(last.cluster, 'retry', last.error ?? 'unknown', last.target);
  }
}

function countRetries(context: Context, { record, attempts, grant }: Session): void {
  let cause: Attempt | undefined;
  for (const attempt of attempts) {
    // Without a grant, Envoy retried by a policy of its own.
    if (cause !== undefined && grant !== null) countRetry(context, record, attempt, cause.error ?? 'unknown');
    cause = attempt;
  }
  const refused = record.notRetried;
  // Where retries are off, none was refused.
  if (refused === null || refused === 'retries_off' || record.result === 'success') return;
  const { cluster, target } = cause ?? record;
  context.observer.retry(cluster, 'refused', refused, target, record);
}

function countRetry({ observer }: Context, record: RequestRecord, attempt: Attempt, cause: RetryCause): void {
  observer.retry(attempt.cluster, 'granted', cause, attempt.target, record);
  if (attempt.outcome === 'success') observer.retry(attempt.cluster, 'saved', cause, attempt.target, record);
}
