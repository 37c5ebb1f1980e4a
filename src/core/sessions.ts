// Holds the open sessions by id, within a bound. A session leaves when its evidence is complete, when its time is
// over, or, oldest first, when there are too many; whoever holds nothing for it any more is told exactly once.

import { ChurnMap, hashOfId } from './churn-map.js';
import type { Session } from './session.js';

export interface SessionLimits {
  /** Open sessions; the oldest gives way. */
  readonly max: number;
  /** A request without an answer. */
  readonly pendingMs: number;
  /** An answered request whose last log entry has not come: a long stream tells of its end only then. */
  readonly answeredMs: number;
  /** The same, as long as no log entry has come, or none since a log stream ended: then there is no log to wait for. */
  readonly withoutTraceMs: number;
  /** Between the first and the last log entry of one request, or after a stream that ended without an answer. */
  readonly graceMs: number;
  /** So many requests answered without a single log entry: no log is wired, and none is waited for. */
  readonly unlogged: number;
}

export const SESSION_LIMITS: SessionLimits = {
  max: 32_768,
  pendingMs: 3_600_000,
  answeredMs: 3_600_000,
  withoutTraceMs: 10_000,
  graceMs: 5_000,
  unlogged: 4_096,
};

/** `time`: its time was over; `room`: another one needed its place. */
type Leaves = (session: Session, reason: 'time' | 'room', now: number) => void;

export class Sessions {
  readonly #open = new ChurnMap<string, Session>(hashOfId);
  readonly #limits: SessionLimits;
  readonly #leaves: Leaves;

  /** `leaves` is called for a session that goes before its evidence is complete. */
  constructor(limits: SessionLimits, leaves: Leaves) {
    this.#limits = limits;
    this.#leaves = leaves;
  }

  get size(): number {
    return this.#open.size;
  }

  get(id: string): Session | undefined {
    return this.#open.get(id);
  }

  add(session: Session, now: number): void {
    if (this.#open.size >= this.#limits.max) this.#dropOldest(now);
    this.#open.set(session.record.id, session);
  }

  remove(session: Session): void {
    this.#open.delete(session.record.id);
  }

  /** Those that were answered are held until then at most; monotonic ms. */
  expireAnswered(atMs: number): void {
    for (const session of this.#open.values()) {
      if (session.answered) session.expiresAtMs = Math.min(session.expiresAtMs, atMs);
    }
  }

  /** Lets go of what is over; `now` in monotonic ms. Call it every second or so. */
  sweep(now: number): void {
    for (const session of this.#open.values()) {
      if (now < session.expiresAtMs) continue;
      this.#open.delete(session.record.id);
      this.#leaves(session, 'time', now);
    }
  }

  #dropOldest(now: number): void {
    const oldest = this.#open.oldest;
    if (oldest === undefined) return;
    this.#open.delete(oldest.record.id);
    this.#leaves(oldest, 'room', now);
  }
}
