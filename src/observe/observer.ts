// The one observer that the core is given: it tells metrics, records and the logger in turn, and keeps their faults
// from the traffic. Each is guarded on its own, so that one that throws does not silence the others.

import type { Transition } from '../core/circuit/state.js';
import type { Dropped, Observer, RetryCause, ShadowDecision, TraceMatch } from '../core/observer.js';
import type { AnswerReason, RefusalReason, RetryResult } from '../core/reasons.js';
import type { AttemptRecord, RequestRecord } from '../core/record.js';
import type { FaultReason } from './faults.js';

export interface ObserverParts {
  readonly metrics: Partial<Observer> & { fault(reason: FaultReason): void };
  readonly records: Partial<Observer>;
  readonly logger: Partial<Observer> & { fault(reason: FaultReason, error: unknown): void };
}

export function createObserver(parts: ObserverParts): Observer {
  const { metrics, records, logger } = parts;
  const faults = new Faults(parts);
  return new Fan(new Guarded(metrics, faults), new Guarded(records, faults), new Guarded(logger, faults));
}

class Faults {
  private readonly parts: ObserverParts;

  constructor(parts: ObserverParts) {
    this.parts = parts;
  }

  /** Counting is adding to a number; only the line may fail in its turn, and then it is counted too. */
  report(error: unknown): void {
    this.parts.metrics.fault('observer');
    try {
      this.parts.logger.fault('observer', error);
    } catch {
      this.parts.metrics.fault('observer');
    }
  }
}

/** The same calls, none of which throws. Written out: a helper taking a function would allocate one per call. */
class Guarded implements Observer {
  private readonly part: Partial<Observer>;
  private readonly faults: Faults;

  constructor(part: Partial<Observer>, faults: Faults) {
    this.part = part;
    this.faults = faults;
  }

  decided(record: RequestRecord): void {
    try {
      this.part.decided?.(record);
    } catch (error) {
      this.faults.report(error);
    }
  }

  answered(record: RequestRecord, cluster: string, reason: AnswerReason, target: string | null): void {
    try {
      this.part.answered?.(record, cluster, reason, target);
    } catch (error) {
      this.faults.report(error);
    }
  }

  attemptSettled(record: RequestRecord, attempt: AttemptRecord): void {
    try {
      this.part.attemptSettled?.(record, attempt);
    } catch (error) {
      this.faults.report(error);
    }
  }

  retry(
    cluster: string,
    result: RetryResult,
    reason: RetryCause | RefusalReason,
    target: string | null,
    record: RequestRecord,
  ): void {
    try {
      this.part.retry?.(cluster, result, reason, target, record);
    } catch (error) {
      this.faults.report(error);
    }
  }

  shadowed(cluster: string, decision: ShadowDecision, reason: AnswerReason | RetryCause, target: string | null): void {
    try {
      this.part.shadowed?.(cluster, decision, reason, target);
    } catch (error) {
      this.faults.report(error);
    }
  }

  rerouteIgnored(record: RequestRecord): void {
    try {
      this.part.rerouteIgnored?.(record);
    } catch (error) {
      this.faults.report(error);
    }
  }

  transition(transition: Transition): void {
    try {
      this.part.transition?.(transition);
    } catch (error) {
      this.faults.report(error);
    }
  }

  traceEntry(type: 'attempt' | 'request', match: TraceMatch): void {
    try {
      this.part.traceEntry?.(type, match);
    } catch (error) {
      this.faults.report(error);
    }
  }

  finished(record: RequestRecord): void {
    try {
      this.part.finished?.(record);
    } catch (error) {
      this.faults.report(error);
    }
  }

  dropped(what: Dropped): void {
    try {
      this.part.dropped?.(what);
    } catch (error) {
      this.faults.report(error);
    }
  }
}

/** Tells three, in order. Fixed, so that a call is three calls and no loop over an array. */
class Fan implements Observer {
  private readonly a: Observer;
  private readonly b: Observer;
  private readonly c: Observer;

  constructor(a: Observer, b: Observer, c: Observer) {
    this.a = a;
    this.b = b;
    this.c = c;
  }

  decided(record: RequestRecord): void {
    this.a.decided(record);
    this.b.decided(record);
    this.c.decided(record);
  }

  answered(record: RequestRecord, cluster: string, reason: AnswerReason, target: string | null): void {
    this.a.answered(record, cluster, reason, target);
    this.b.answered(record, cluster, reason, target);
    this.c.answered(record, cluster, reason, target);
  }

  attemptSettled(record: RequestRecord, attempt: AttemptRecord): void {
    this.a.attemptSettled(record, attempt);
    this.b.attemptSettled(record, attempt);
    this.c.attemptSettled(record, attempt);
  }

  retry(
    cluster: string,
    result: RetryResult,
    reason: RetryCause | RefusalReason,
    target: string | null,
    record: RequestRecord,
  ): void {
    this.a.retry(cluster, result, reason, target, record);
    this.b.retry(cluster, result, reason, target, record);
    this.c.retry(cluster, result, reason, target, record);
  }

  shadowed(cluster: string, decision: ShadowDecision, reason: AnswerReason | RetryCause, target: string | null): void {
    this.a.shadowed(cluster, decision, reason, target);
    this.b.shadowed(cluster, decision, reason, target);
    this.c.shadowed(cluster, decision, reason, target);
  }

  rerouteIgnored(record: RequestRecord): void {
    this.a.rerouteIgnored(record);
    this.b.rerouteIgnored(record);
    this.c.rerouteIgnored(record);
  }

  transition(transition: Transition): void {
    this.a.transition(transition);
    this.b.transition(transition);
    this.c.transition(transition);
  }

  traceEntry(type: 'attempt' | 'request', match: TraceMatch): void {
    this.a.traceEntry(type, match);
    this.b.traceEntry(type, match);
    this.c.traceEntry(type, match);
  }

  finished(record: RequestRecord): void {
    this.a.finished(record);
    this.b.finished(record);
    this.c.finished(record);
  }

  dropped(what: Dropped): void {
    this.a.dropped(what);
    this.b.dropped(what);
    this.c.dropped(what);
  }
}
