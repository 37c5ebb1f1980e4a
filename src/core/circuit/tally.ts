// What a circuit knows of its upstream in this generation: the window, the streak, and the server's own wish. One
// place for the rules of counting, apart from the state machine that acts on them.

import type { CircuitPolicy } from '../policy.js';
import type { TripReason } from '../reasons.js';
import type { TallyMemory } from './memory.js';
import type { CircuitFigures, CircuitResult } from './state.js';
import { tripReason } from './trip.js';
import { ResultWindow } from './window.js';

/** Slow results count only where the policy says from when on a result is slow. */
export function isSlow(policy: CircuitPolicy, result: CircuitResult): boolean {
  return result.slow && policy.slow.afterMs > 0;
}

export class Tally {
  readonly #window: ResultWindow;
  /** Not bounded by the window's time: only a success ends a streak. */
  #consecutiveFailures = 0;
  /** Until when the server asked to be left alone, by its failures since the last success. null: it did not. */
  #askedUntilMs: number | null = null;

  /** @throws RangeError for a window that cannot hold a result. */
  constructor(policy: CircuitPolicy) {
    this.#window = new ResultWindow(policy.window);
  }

  /** Takes a success or a failure; an ignored result must not come here. */
  count(policy: CircuitPolicy, result: CircuitResult, now: number): void {
    const failed = result.outcome === 'failure';
    this.#window.record(failed, isSlow(policy, result), now);
    if (!failed) {
      this.#consecutiveFailures = 0;
      this.#askedUntilMs = null;
      return;
    }
    if (result.inStreak) this.#consecutiveFailures += 1;
    if (result.retryAfterMs > 0) {
      this.#askedUntilMs = Math.max(this.#askedUntilMs ?? Number.NEGATIVE_INFINITY, now + result.retryAfterMs);
    }
  }

  /** Right after `count`: does what is known open the circuit? */
  tripReason(policy: CircuitPolicy): TripReason | null {
    return tripReason(policy, this.#window, this.#consecutiveFailures);
  }

  /** For how much longer the server asked to be left alone; 0 or less: it did not, or the time is over. */
  askedMs(now: number): number {
    return this.#askedUntilMs === null ? 0 : this.#askedUntilMs - now;
  }

  /** @throws RangeError for a window that cannot hold a result; nothing is changed then. */
  resize(policy: CircuitPolicy, now: number): void {
    this.#window.resize(policy.window, now);
  }

  clear(): void {
    this.#window.clear();
    this.#consecutiveFailures = 0;
    this.#askedUntilMs = null;
  }

  /** With the newest `limit` results. */
  remember(limit: number, origin: number): TallyMemory {
    const askedUntilMs = this.#askedUntilMs === null ? null : this.#askedUntilMs - origin;
    return {
      results: this.#window.remember(limit, origin),
      consecutiveFailures: this.#consecutiveFailures,
      askedUntilMs,
    };
  }

  /** Into an empty tally. */
  recall({ results, consecutiveFailures, askedUntilMs }: TallyMemory, origin: number, now: number): void {
    this.#window.recall(results, origin, now);
    this.#consecutiveFailures = consecutiveFailures;
    this.#askedUntilMs = askedUntilMs === null ? null : origin + askedUntilMs;
  }

  /** As `recent` in window.ts. */
  recent(limit: number, now: number): string {
    this.#window.expire(now);
    return this.#window.recent(limit);
  }

  figures(now: number): CircuitFigures {
    this.#window.expire(now);
    const { requests, failures, slow } = this.#window;
    return {
      requests,
      failures,
      failureRatio: requests === 0 ? 0 : failures / requests,
      slowRatio: requests === 0 ? 0 : slow / requests,
      consecutiveFailures: this.#consecutiveFailures,
    };
  }
}
