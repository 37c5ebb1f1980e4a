// Settles attempts: matches each piece of evidence to its attempt, lets the first decide, and tells the circuit once.
// The one exception is a success that turns out bad after its headers, by a body that breaks off or by the status in
// a gRPC call's trailers: that adds a failure to the success before it.

import { startOf } from './bounded-text.js';
import type { CircuitName, CircuitResult } from './circuit/state.js';
import { classify, provenUnwritten, type Settlement } from './classify.js';
import type { Context } from './context.js';
import type { AttemptTrace, Evidence } from './evidence.js';
import type { CircuitPolicy } from './policy.js';
import type { ErrorKind, Stage } from './reasons.js';
import { type Attempt, type Session, slotOf } from './session.js';
import { circuitFor, circuitPolicyAt, stillLearns, targetAt } from './targets.js';

const MESSAGE_LENGTH = 200;

/** false: the attempt was settled before, and this evidence changed nothing that counts. */
export function settle(
  context: Context,
  session: Session,
  attempt: Attempt,
  cluster: string,
  evidence: Evidence,
  retryAfterMs: number,
  now: number,
): boolean {
  const circuit = circuitPolicyAt(context, session, cluster);
  const settlement = classify(evidence, circuit);
  if (attempt.settled) return amend(context, session, attempt, evidence, settlement, now);
  attempt.settled = true;
  attempt.cluster = cluster;
  attempt.target = targetAt(context, session, cluster);
  attempt.stage = settlement.stage;
  attempt.outcome = settlement.outcome;
  attempt.error = settlement.error;
  attempt.status = evidence.status;
  attempt.durationMs = evidence.durationMs;
  addDetails(attempt, evidence);
  chargeLate(session, attempt, now);
  noticeFixedRoute(context, session, attempt, now);
  const slow = isSlow(circuit, attempt);
  const result = { outcome: settlement.outcome, slow, inStreak: settlement.inStreak, retryAfterMs };
  report(context, session, attempt, result, now);
  context.observer.attemptSettled(session.record, attempt);
  return true;
}

/**
 * The log puts right where a settled attempt went: all else knows a composite cluster only by its own name. That name's
 * circuit has learned from the attempt already; now that of the cluster behind it does.
 */
export function correctCluster(
  context: Context,
  session: Session,
  attempt: Attempt,
  { cluster, evidence }: Pick<AttemptTrace, 'cluster' | 'evidence'>,
  now: number,
): void {
  attempt.cluster = cluster;
  attempt.target = targetAt(context, session, cluster);
  const circuit = circuitPolicyAt(context, session, cluster);
  const { outcome, inStreak } = classify(evidence, circuit);
  const slow = isSlow(circuit, attempt);
  report(context, session, attempt, { outcome, slow, inStreak, retryAfterMs: 0 }, now);
}

function isSlow({ slow }: CircuitPolicy, { durationMs }: Attempt): boolean {
  return slow.afterMs > 0 && (durationMs ?? 0) >= slow.afterMs;
}

/** Gives up waiting for evidence. An attempt that was followed by another must have failed; of others nothing is known. */
export function settleWithoutEvidence(context: Context, session: Session, attempt: Attempt, now: number): void {
  attempt.settled = true;
  attempt.target = targetAt(context, session, attempt.cluster);
  const followed = attempt.attempt < session.attempts.length;
  attempt.outcome = followed ? 'failure' : 'ignored';
  attempt.error = 'unknown';
  const result: CircuitResult = { outcome: attempt.outcome, slow: false, inStreak: true, retryAfterMs: 0 };
  report(context, session, attempt, result, now);
  context.observer.attemptSettled(session.record, attempt);
}

/**
 * Later evidence of a settled attempt: fills gaps of its record, and may add a failure to a success, once. A failure whose
 * stage the first evidence could not tell (a reset, as the final answer shows it) gets its stage; it was counted already.
 */
function amend(
  context: Context,
  session: Session,
  attempt: Attempt,
  evidence: Evidence,
  settlement: Settlement,
  now: number,
): boolean {
  const { stage, outcome, error, inStreak } = settlement;
  const turned = attempt.outcome === 'success' && turnsBad(stage, error);
  if (turned) {
    attempt.stage = stage;
    attempt.outcome = outcome;
    attempt.error = error;
  }
  addDetails(attempt, evidence);
  if (!turned) return correct(session, attempt, settlement);
  report(context, session, attempt, { outcome, slow: false, inStreak, retryAfterMs: 0 }, now);
  context.observer.attemptSettled(session.record, attempt);
  return true;
}

/** A rerouted request whose first attempt went to the routed cluster all the same. */
function noticeFixedRoute(
  { fixedRoutes, observer }: Context,
  { record }: Session,
  attempt: Attempt,
  now: number,
): void {
  if (record.decision !== 'reroute' || attempt.attempt !== 1 || attempt.cluster !== record.cluster) return;
  if (fixedRoutes.learn(record.route, record.cluster, now)) observer.rerouteIgnored(record);
}

/**
 * A retry that neither gate nor judge could stop, where there is none of them or where the connection failed before the
 * gate had answered: it was made, and uses the budget up even where nothing is left of it.
 */
function chargeLate(session: Session, attempt: Attempt, now: number): void {
  if (attempt.attempt === 1 || attempt.withdrawnAtMs !== null || session.grant === null) return;
  if (session.budget === null) return;
  session.budget.charge(now);
  attempt.withdrawnAtMs = now;
}

/** What the first evidence left open, or took for unwritten against a byte that the log knows of, the log puts right. */
function correct(session: Session, attempt: Attempt, { stage, outcome, error }: Settlement): boolean {
  const leftOpen = attempt.stage === 'unknown' && stage !== 'unknown' && outcome === attempt.outcome;
  if (!leftOpen && !(provenUnwritten(attempt.stage) && !provenUnwritten(stage))) return false;
  attempt.stage = stage;
  attempt.error = error;
  session.record.notRetried = null;
  return true;
}

function turnsBad(stage: Stage, error: ErrorKind | null): boolean {
  return stage === 'body' || error === 'grpc_status';
}

function addDetails(attempt: Attempt, evidence: Evidence): void {
  attempt.host ??= evidence.host;
  attempt.durationMs ??= evidence.durationMs;
  const words = evidence.transportFailure || failureDetails(evidence.details);
  if (attempt.error !== null && words !== '') attempt.message ??= startOf(words, MESSAGE_LENGTH);
}

/** One failure per request and cluster, and each probe's; a later success counts as well. */
function report(context: Context, session: Session, attempt: Attempt, result: CircuitResult, now: number): void {
  const slot = slotOf(session, attempt.cluster);
  if (slot === undefined) {
    if (result.outcome !== 'failure' || !hasFailedBefore(session, attempt))
      reportUnplanned(context, attempt, result, now);
    return;
  }
  const permit = attempt.own?.circuit === slot.circuit ? attempt.own.permit : slot.permit;
  if (result.outcome === 'failure') {
    if (slot.failureCounted && !permit.probe) return;
    slot.failureCounted = true;
  }
  // A circuit that was forgotten meanwhile, as under a stream of an hour, cannot learn: its successor does.
  if (stillLearns(context, slot, now)) slot.circuit.report(permit, result, now);
  else reportUnplanned(context, slot, result, now);
}

/** Another attempt of this request failed on the same cluster. */
function hasFailedBefore({ attempts }: Session, attempt: Attempt): boolean {
  return attempts.some(
    (other) => other !== attempt && other.settled && other.outcome === 'failure' && other.cluster === attempt.cluster,
  );
}

/** Envoy went to a cluster that was not in the plan, as with a weighted route: what it saw still counts. */
function reportUnplanned(context: Context, { cluster, target }: CircuitName, result: CircuitResult, now: number): void {
  if (cluster === '') return;
  const circuit = circuitFor(context, cluster, target, now);
  const permit = circuit.passive(now);
  if (permit !== null) circuit.report(permit, result, now);
}

/** Details of an answer that came from the upstream say nothing about an error. */
function failureDetails(details: string): string {
  return details === 'via_upstream' ? '' : details;
}
