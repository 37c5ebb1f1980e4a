// What Sluice holds of one request between its admission and the last evidence about it. Evidence comes from
// several streams in any order; the session is where it is matched, so that every attempt is settled once.

import type { Circuit } from './circuit/breaker.js';
import type { CircuitName, Permit } from './circuit/state.js';
import { CLIENT_GONE, type Evidence, type RequestTrace } from './evidence.js';
import type { ClusterPolicy } from './policy.js';
import type { RefusalReason } from './reasons.js';
import type { AttemptRecord, RequestRecord } from './record.js';
import type { RetryBudget } from './retry/budget.js';
import type { Grant } from './retry/eligibility.js';

/** More attempts than any policy allows: a number beyond it is not believed. */
export const MAX_ATTEMPTS = 100;

/** A cluster that attempts of this request may go to. */
export interface Slot extends CircuitName {
  readonly circuit: Circuit;
  /** Of the cluster and target alone, whatever the route. */
  readonly policy: ClusterPolicy;
  /** Given at admission: for every attempt that has none of its own. */
  readonly permit: Permit;
  /** One failure per request and cluster counts, however many attempts failed there; a probe's counts in any case. */
  failureCounted: boolean;
  /** It answered in a way that a second try there would not change. */
  spent: boolean;
}

/** The permit of a single attempt, with the circuit that gave it: evidence may name another cluster later. */
export interface OwnPermit {
  readonly circuit: Circuit;
  readonly permit: Permit;
}

/** A retry that the judge has asked for and that has not been seen yet. */
export interface PendingRetry {
  readonly attempt: number;
  readonly waitMs: number;
  readonly withdrawnAtMs: number;
}

/** An attempt's record with what only matters until the request is over. */
export interface Attempt extends AttemptRecord {
  startedAtMs: number | null;
  /** Taken at the gate; null: it was sent under that of its slot. */
  own: OwnPermit | null;
  /** The upstream log has told of it: nothing more will come. */
  traced: boolean;
  /** What is known, but leaves open how far it got: counts if nothing better comes. */
  vague: Evidence | null;
  /** When the budget was charged for it; null: not charged. */
  withdrawnAtMs: number | null;
}

export interface Session {
  readonly record: RequestRecord;
  readonly attempts: Attempt[];
  readonly policy: ClusterPolicy;
  readonly slots: readonly Slot[];
  /** May be sent again although it may have been written. */
  readonly repeatable: boolean;
  readonly grpc: boolean;
  /** null: no retries were granted; `notGranted` says why. */
  readonly grant: Grant | null;
  readonly budget: RetryBudget | null;
  /** Cluster of attempt n at index n - 1; the last one repeats. */
  plan: readonly string[];
  pending: PendingRetry | null;
  /** Why no retry was granted; null where one was. */
  readonly notGranted: RefusalReason | null;
  /** Number of the attempt that the gate refused to send; 0: none. */
  refusedAttempt: number;
  /** The client has been sent response headers. */
  answered: boolean;
  /** The request's own log entry came. */
  traced: boolean;
  /** Finished: whatever still comes finds nothing to decide or to count. */
  over: boolean;
  /** No more evidence is waited for from then on; monotonic ms. */
  expiresAtMs: number;
}

export function slotOf(session: Session, cluster: string): Slot | undefined {
  // At most a handful: a loop beats a map.
  for (const slot of session.slots) if (slot.cluster === cluster) return slot;
  return undefined;
}

export function plannedCluster(session: Session, attempt: number): string {
  return session.plan[Math.min(attempt, session.plan.length) - 1] ?? session.record.cluster;
}

/** The attempt with this number, and all before it, exist afterwards. undefined: not a number to believe. */
export function attemptOf(session: Session, number: number): Attempt | undefined {
  if (number < 1 || number > MAX_ATTEMPTS) return undefined;
  for (let next = session.attempts.length + 1; next <= number; next++) {
    const cluster = plannedCluster(session, next);
    const attempt = newAttempt(next, cluster, slotOf(session, cluster)?.target ?? null);
    if (session.pending?.attempt === next) confirm(attempt, session);
    session.attempts.push(attempt);
  }
  return session.attempts[number - 1];
}

function confirm(attempt: Attempt, session: Session): void {
  attempt.waitMs = session.pending?.waitMs ?? 0;
  attempt.withdrawnAtMs = session.pending?.withdrawnAtMs ?? null;
  session.pending = null;
}

/** What was taken for a retry that is not made. false: nothing was. */
export function giveBackPending(session: Session, now: number): boolean {
  if (session.pending === null) return false;
  session.budget?.refund(now, session.pending.withdrawnAtMs);
  session.pending = null;
  return true;
}

/** The log has told of the request, and of every attempt; there is none where Envoy answered by itself. */
export function isComplete(session: Session): boolean {
  return session.traced && session.attempts.every((attempt) => attempt.settled && attempt.traced);
}

/**
 * Envoy ends and logs the attempts of a request first, and then the request, unless the client has gone away: where entries
 * of attempts are missing by then, they were overtaken on their way, or lost.
 */
export function isEarly({ attempts }: Session, { evidence: { flags } }: RequestTrace): boolean {
  if ((flags & CLIENT_GONE) !== 0) return false;
  for (const attempt of attempts) if (!attempt.traced) return true;
  return false;
}

function newAttempt(attempt: number, cluster: string, target: string | null): Attempt {
  return {
    attempt,
    cluster,
    target,
    host: null,
    stage: 'unknown',
    outcome: 'ignored',
    status: null,
    error: null,
    message: null,
    durationMs: null,
    waitMs: 0,
    settled: false,
    startedAtMs: null,
    own: null,
    traced: false,
    vague: null,
    withdrawnAtMs: null,
  };
}
