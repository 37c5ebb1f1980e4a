// The bounded number of requests that a half-open circuit lets out. A breaker that only counts them gets stuck for
// good when one is never answered for, so each is held under a lease and taken back when that has run out.
//
// A probe is known by its permit, the very object: one that was taken back, given back or settled cannot be used a
// second time. The lease's length comes in with each call, so that a change of policy holds for the probes already
// out; and because it is the same for all of them, the oldest always runs out first.

import type { Permit } from './state.js';

export class Probes {
  /** Insertion order is the order of their times: the oldest comes first. */
  readonly #outSinceMs = new Map<Permit, number>();
  /** Bounded: the circuit leaves half_open when these are as many as `halfOpen.successes`. */
  readonly #succeeded = new Set<Permit>();

  get out(): number {
    return this.#outSinceMs.size;
  }

  get successes(): number {
    return this.#succeeded.size;
  }

  /** Takes back every probe that has been out for its whole lease. */
  takeBack(leaseMs: number, now: number): void {
    for (const [permit, sinceMs] of this.#outSinceMs) {
      if (now - sinceMs < leaseMs) return;
      this.#outSinceMs.delete(permit);
    }
  }

  grant(generation: number, now: number): Permit {
    const permit: Permit = { generation, probe: true };
    this.#outSinceMs.set(permit, now);
    return permit;
  }

  /** When the next lease runs out; `now` where no probe is out. */
  nextLeaseEndMs(leaseMs: number, now: number): number {
    for (const sinceMs of this.#outSinceMs.values()) return sinceMs + leaseMs;
    return now;
  }

  /** It was not used, or its result says nothing. Harmless for one that is not out. */
  giveBack(permit: Permit): void {
    this.#outSinceMs.delete(permit);
  }

  /** Takes the first result of a probe that is out; false: it is not, and the result is dropped. */
  settle(permit: Permit, failed: boolean): boolean {
    const wasOut = this.#outSinceMs.delete(permit);
    if (wasOut && !failed) this.#succeeded.add(permit);
    return wasOut;
  }

  /** Did it settle with a success? Then only one thing more may come: its body was interrupted after good headers. */
  hasSucceeded(permit: Permit): boolean {
    return this.#succeeded.has(permit);
  }
}
