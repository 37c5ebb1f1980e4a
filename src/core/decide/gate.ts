// The gate, at a retry's request headers: the last moment at which a retry can be stopped. Circuit, budget and time
// are asked again, because all three may have changed since the request was admitted.

import { localAnswer } from '../answer.js';
import type { Context } from '../context.js';
import type { AnswerReason } from '../reasons.js';
import { takeBackRefusal } from '../refusal.js';
import { type Attempt, attemptOf, type Session, slotOf } from '../session.js';
import type { LocalAnswer } from '../stream.js';

export type GateDecision = { readonly kind: 'pass' } | { readonly kind: 'answer'; readonly answer: LocalAnswer };

export interface RetrySeen {
  /** From 1; the gate sees 2 and up. */
  readonly attempt: number;
  readonly cluster: string;
  /** Time left for the request, as Envoy tells it; null: no limit, or not known. */
  readonly remainingMs: number | null;
}

const PASS: GateDecision = { kind: 'pass' };
/** For reasons that name no time themselves. */
const ASK_AGAIN_MS = 1000;

/** Also called by the judge, for attempts of clusters that have no gate of their own. */
export function gate(context: Context, session: Session, seen: RetrySeen, now: number): GateDecision {
  // Envoy went on: its last attempt was faster than our refusal.
  if (session.refusedAttempt > 0 && seen.attempt > session.refusedAttempt) takeBackRefusal(session);
  const attempt = attemptOf(session, seen.attempt);
  if (attempt === undefined) return PASS;
  attempt.cluster = seen.cluster;
  attempt.startedAtMs = now;
  // The first attempt was admitted; what Envoy retries by its own policy is not ours to stop.
  if (seen.attempt === 1 || session.grant === null) return PASS;
  if (seen.remainingMs !== null && seen.remainingMs <= 0) return refuse(session, seen, 'deadline', now);
  const refused = passCircuit(context, session, attempt, now);
  if (refused !== null) return refuse(session, seen, refused.reason, now, refused.retryAtMs - now);
  if (!charge(session, attempt, now)) return refuse(session, seen, 'retry_budget', now);
  return PASS;
}

/** The attempt gets a permit of its own: what is still to come of those before it must not count as its result. */
function passCircuit({ observer }: Context, session: Session, attempt: Attempt, now: number) {
  const slot = slotOf(session, attempt.cluster);
  if (slot === undefined) return null;
  const { circuit } = slot;
  const admission = circuit.acquire(now);
  if (!admission.admitted) return admission;
  if (admission.wouldRefuse !== null) {
    observer.shadowed(circuit.name, 'short_circuit', admission.wouldRefuse, circuit.target);
  }
  attempt.own?.circuit.release(attempt.own.permit, now);
  attempt.own = { circuit, permit: admission.permit };
  return null;
}

/** Once per attempt: a retry that the judge asked for was charged when it did. */
function charge(session: Session, attempt: Attempt, now: number): boolean {
  if (attempt.withdrawnAtMs !== null || session.budget === null) return true;
  if (!session.budget.tryWithdraw(now)) return false;
  attempt.withdrawnAtMs = now;
  return true;
}

/** Counted only when the client has it: see refusal.ts. */
function refuse(
  session: Session,
  seen: RetrySeen,
  reason: AnswerReason,
  now: number,
  retryInMs = ASK_AGAIN_MS,
): GateDecision {
  const attempt = session.attempts[seen.attempt - 1];
  if (attempt !== undefined && attempt.withdrawnAtMs !== null) {
    session.budget?.refund(now, attempt.withdrawnAtMs);
    attempt.withdrawnAtMs = null;
  }
  attempt?.own?.circuit.release(attempt.own.permit, now);
  // It was never sent, so it is no attempt.
  if (session.attempts.length === seen.attempt) session.attempts.pop();
  session.refusedAttempt = seen.attempt;
  session.record.reason = reason;
  session.record.notRetried = reason;
  const at = { cluster: seen.cluster, target: slotOf(session, seen.cluster)?.target ?? null };
  return { kind: 'answer', answer: localAnswer(at, reason, retryInMs, session.grpc) };
}
