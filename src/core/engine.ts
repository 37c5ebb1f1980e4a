// The core as the outside sees it: one method per thing that can be told to it. Everything is synchronous, `now` is
// monotonic milliseconds, and a call about a request that is not held (any more) is harmless.

import type { MemoryLimits } from './circuit/memory.js';
import type { CircuitRegistry } from './circuit/registry.js';
import { classify, completed, type Settlement, saysNothing } from './classify.js';
import type { Context } from './context.js';
import { type AdmissionDecision, admit } from './decide/admission.js';
import { type GateDecision, gate, type RetrySeen } from './decide/gate.js';
import { abandonRetry, type JudgeDecision, judge } from './decide/judge.js';
import { type AttemptTrace, type Evidence, lasting, type RequestTrace, type TraceEntry } from './evidence.js';
import { explainNoRetry, finish, releasePermits, resultOf, returnUnused } from './finish.js';
import type { Observer } from './observer.js';
import type { PolicyResolver } from './policy.js';
import { type Recalled, type Remembered, recallAll, rememberAll } from './recall.js';
import { cameTooLate, isOurs, takeBackRefusal, wasMade } from './refusal.js';
import type { RequestFacts } from './request.js';
import { restWished } from './retry/rest.js';
import type { Wish } from './retry/wish.js';
import { type Attempt, attemptOf, isComplete, isEarly, plannedCluster, type Session, slotOf } from './session.js';
import { SESSION_LIMITS, type SessionLimits, Sessions } from './sessions.js';
import { correctCluster, settle } from './settle.js';
import { FixedRoutes } from './steering.js';
import { circuitPolicyAt } from './targets.js';
import { lostWith, Unlogged } from './unlogged.js';

export interface EngineOptions {
  readonly policy: PolicyResolver;
  readonly circuits: CircuitRegistry;
  readonly observer: Observer;
  readonly random: () => number;
  readonly newId: () => string;
  readonly limits?: SessionLimits;
}

/** A response, as the judge or the admission filter sees it. */
export interface AnswerSeen {
  readonly attempt: number;
  /** '' where Envoy does not say: the plan tells then. */
  readonly cluster: string;
  readonly evidence: Evidence;
  readonly wish: Wish;
  readonly remainingMs: number | null;
  /** What the client is sent. */
  readonly clientStatus: number | null;
}

const PASS = { kind: 'pass' } as const;

export class Engine {
  readonly #context: Context;
  readonly #unlogged = new Unlogged();

  constructor(options: EngineOptions) {
    const limits = options.limits ?? SESSION_LIMITS;
    const sessions = new Sessions(limits, (session, reason, now) => {
      const lost = lostWith(session, reason, this.#context.traceExpected);
      if (lost !== null) options.observer.dropped(lost);
      finish(this.#context, session, now);
    });
    this.#context = {
      ...options,
      limits,
      sessions,
      fixedRoutes: new FixedRoutes(() => options.observer.dropped('route')),
      traceSeen: false,
      traceExpected: false,
    };
  }

  /** Requests whose evidence is not complete. */
  get openSessions(): number {
    return this.#context.sessions.size;
  }

  /** Decisions from now on follow this policy; requests under way keep theirs. */
  usePolicy(policy: PolicyResolver, now: number): void {
    this.#context.policy = policy;
    this.#context.circuits.reconfigure((cluster, target) => policy.forTarget(cluster, target, '').circuit, now);
  }

  /** null: unknown cluster or target, or one that was never granted a retry. */
  budgetRemaining(cluster: string, now: number, target: string | null = null): number | null {
    return this.#context.circuits.get(cluster, target)?.budget?.remaining(now) ?? null;
  }

  session(id: string): Session | undefined {
    return this.#context.sessions.get(id);
  }

  /** The cluster that the policy names for a `cluster_header` route; null: none. */
  routeCluster(route: string): string | null {
    return this.#context.policy.routeCluster(route);
  }

  admit(facts: RequestFacts, now: number): AdmissionDecision {
    return admit(this.#context, facts, now);
  }

  /** An attempt is about to be sent. */
  attemptStarts(session: Session, seen: RetrySeen, now: number): GateDecision {
    if (session.over) return PASS;
    const cluster = seen.cluster === '' ? plannedCluster(session, seen.attempt) : seen.cluster;
    return gate(this.#context, session, { ...seen, cluster }, now);
  }

  /** The judge has the response headers of an attempt. */
  attemptAnswered(session: Session, seen: AnswerSeen, now: number): JudgeDecision {
    const attempt = session.over ? undefined : attemptOf(session, seen.attempt);
    if (attempt === undefined) return PASS;
    this.#settle(session, attempt, seen, now);
    const { status, grpcStatus } = seen.evidence;
    const { stage, outcome, error } = attempt;
    const { wish, remainingMs } = seen;
    return judge(
      this.#context,
      session,
      attempt,
      { stage, outcome, error, status, grpcStatus, wish, remainingMs },
      now,
    );
  }

  /** The wait before a retry was cut short because the client went away. */
  retryAbandoned(session: Session, now: number): void {
    abandonRetry(session, now);
  }

  /** The final response headers go to the client. */
  requestAnswered(session: Session, seen: AnswerSeen, now: number): void {
    if (session.over) return;
    const { limits, traceSeen, traceExpected } = this.#context;
    session.answered = true;
    session.expiresAtMs = now + (traceSeen ? limits.answeredMs : limits.withoutTraceMs);
    session.record.status = seen.clientStatus;
    this.#confirmRefusal(session, seen.evidence);
    const last = session.refusedAttempt === 0 ? attemptOf(session, seen.attempt) : undefined;
    if (last !== undefined) this.#settle(session, last, seen, now);
    this.#conclude(session, last, now);
    if (!traceExpected && this.#unlogged.answered(limits)) this.#finish(session, now);
  }

  /** The admission stream is over. Without an answer that says nothing yet: the log will tell. */
  requestClosed(session: Session, now: number): void {
    if (!session.answered) session.expiresAtMs = Math.min(session.expiresAtMs, now + this.#context.limits.graceMs);
  }

  traced(entry: TraceEntry, now: number): void {
    this.#context.traceSeen = true;
    this.#context.traceExpected = true;
    if (entry.kind === 'attempt') this.#attemptTraced(entry, now);
    else this.#requestTraced(entry, now);
  }

  /** Every circuit and budget that knows something, one at a time: whoever asks may let the traffic pass in between. */
  remember(limits: MemoryLimits, now: number): Generator<Remembered> {
    return rememberAll(this.#context, limits, now);
  }

  /**
   * Goes on as another process left off. Before the first request.
   * @param origin the `now` of `remember`, on the clock of this process.
   */
  recall(memories: readonly Remembered[], origin: number, now: number): Recalled {
    return recallAll(this.#context, memories, origin, now);
  }

  /**
   * A log stream has ended: what Envoy had not sent by then is lost, and nobody can tell of which requests. Those that were
   * answered are held as if there were no log; a long stream among them ends without its last entry.
   */
  traceEnded(now: number): void {
    const { sessions, limits } = this.#context;
    this.#context.traceSeen = false;
    sessions.expireAnswered(now + limits.withoutTraceMs);
  }

  /** Lets go of what is no longer waited for. Call it about once a second. */
  sweep(now: number): void {
    this.#context.sessions.sweep(now);
    this.#context.circuits.sweep(now);
  }

  #attemptTraced(entry: AttemptTrace, now: number): void {
    const { observer, sessions } = this.#context;
    if (entry.id === '' || entry.attempt === 0) return observer.traceEntry('attempt', 'untagged');
    const session = sessions.get(entry.id);
    if (session === undefined) return observer.traceEntry('attempt', 'unmatched');
    if (entry.attempt === session.refusedAttempt) {
      if (!wasMade(entry.evidence)) return observer.traceEntry('attempt', 'known');
      takeBackRefusal(session);
    }
    const attempt = attemptOf(session, entry.attempt);
    if (attempt === undefined) return observer.traceEntry('attempt', 'unmatched');
    attempt.traced = true;
    if (!attempt.settled && entry.cluster !== '') attempt.cluster = entry.cluster;
    const changed = this.#settleByLog(session, attempt, entry.evidence, now);
    if (attempt.settled && entry.cluster !== '' && attempt.cluster !== entry.cluster) {
      correctCluster(this.#context, session, attempt, entry, now);
    }
    // The last attempt settled only now, or its good headers had gone to the client and the rest was bad.
    if (changed && session.answered && attempt === session.attempts.at(-1)) this.#conclude(session, attempt, now);
    observer.traceEntry('attempt', changed ? 'settled' : 'known');
    this.#finishIfComplete(session, now);
  }

  #requestTraced(entry: RequestTrace, now: number): void {
    const { observer, sessions, limits } = this.#context;
    const session = entry.id === '' ? undefined : sessions.get(entry.id);
    if (session === undefined) {
      const own = isOurs(entry.evidence.details);
      return observer.traceEntry('request', own ? 'known' : entry.id === '' ? 'untagged' : 'unmatched');
    }
    if (session.traced) return observer.traceEntry('request', 'known');
    session.traced = true;
    session.expiresAtMs = now + limits.graceMs;
    session.record.status ??= entry.clientStatus;
    observer.traceEntry('request', !session.answered ? 'settled' : isEarly(session, entry) ? 'early' : 'known');
    this.#endedUnanswered(session, entry, now);
    this.#finishIfComplete(session, now);
  }

  /** The admission filter saw no answer, so the request's own entry tells how it ended. */
  #endedUnanswered(session: Session, entry: RequestTrace, now: number): void {
    if (session.answered) return;
    this.#confirmRefusal(session, entry.evidence);
    const made = entry.attempts ?? session.attempts.length;
    const last = made > 0 && session.refusedAttempt === 0 ? attemptOf(session, made) : undefined;
    if (last !== undefined && !last.settled) {
      settle(this.#context, session, last, entry.cluster || last.cluster, entry.evidence, 0, now);
    }
    this.#conclude(session, last, now);
  }

  /** Only how the request ended tells whether the gate's refusal took effect. */
  #confirmRefusal(session: Session, final: Evidence): void {
    if (cameTooLate(session, final)) takeBackRefusal(session);
    const { record, refusedAttempt } = session;
    if (refusedAttempt === 0 || record.reason === null) return;
    const cluster = plannedCluster(session, refusedAttempt);
    this.#context.observer.answered(record, cluster, record.reason, slotOf(session, cluster)?.target ?? null);
  }

  #settle(session: Session, attempt: Attempt, seen: AnswerSeen, now: number): void {
    const startedAt = attempt.startedAtMs ?? (attempt.attempt === 1 ? session.record.startedAtMs : null);
    const durationMs = seen.evidence.durationMs ?? (startedAt === null ? null : now - startedAt);
    const evidence = completed(lasting(seen.evidence, durationMs), attempt.vague);
    if (!attempt.settled && seen.cluster !== '') attempt.cluster = seen.cluster;
    if (this.#awaitsLog(session, attempt, evidence)) {
      attempt.vague = evidence;
      session.expiresAtMs = now + this.#context.limits.graceMs;
      return;
    }
    settle(this.#context, session, attempt, attempt.cluster, evidence, restWished(seen.evidence, seen.wish), now);
    // Nothing is logged for an attempt that never got a host.
    if (attempt.stage === 'local') attempt.traced = true;
  }

  /** The evidence leaves open how far the attempt got, and the log is going to tell. */
  #awaitsLog(session: Session, attempt: Attempt, evidence: Evidence): boolean {
    if (attempt.settled || attempt.traced || !this.#context.traceSeen) return false;
    return this.#classified(session, attempt, evidence).stage === 'unknown';
  }

  /** An attempt that Envoy itself cut short has an entry without a reason: what else is known of its end counts then. */
  #settleByLog(session: Session, attempt: Attempt, evidence: Evidence, now: number): boolean {
    const silent = !attempt.settled && saysNothing(this.#classified(session, attempt, evidence));
    if (silent && attempt.vague === null && !session.traced) {
      attempt.vague = evidence;
      return false;
    }
    const better = silent && attempt.vague !== null ? completed(attempt.vague, evidence) : evidence;
    return settle(this.#context, session, attempt, attempt.cluster, better, 0, now);
  }

  #classified(session: Session, attempt: Attempt, evidence: Evidence): Settlement {
    return classify(evidence, circuitPolicyAt(this.#context, session, attempt.cluster));
  }

  #conclude(session: Session, last: Attempt | undefined, now: number): void {
    session.record.result = resultOf(session, last);
    session.record.endedAtMs = now;
    returnUnused(session, now);
    // Envoy answered by itself: nothing will come of a probe.
    if (session.attempts.length === 0) releasePermits(session, now);
    if (last === undefined || last.settled) explainNoRetry(session, last);
  }

  #finishIfComplete(session: Session, now: number): void {
    if (isComplete(session)) this.#finish(session, now);
  }

  #finish(session: Session, now: number): void {
    this.#context.sessions.remove(session);
    finish(this.#context, session, now);
  }
}
