// A circuit may only open on exact figures: the last `requests` results, none older than `durationMs`. Buckets
// would be cheaper to think of but wrong at their edges, so every result is kept, with its time, in a ring of
// typed arrays: 9 bytes a result, O(1) amortised (each result is written once and dropped once).
//
// Invariants: times in the ring never decrease; a clock that steps back is held at the last time seen. Flags are 0 wherever
// there is no bad result, so that those of a healthy cluster are neither read nor written.

import type { ResultsMemory } from './memory.js';

/** The last `requests` results (a whole number, at least 1), none older than `durationMs` (above 0). */
export interface WindowPolicy {
  readonly requests: number;
  readonly durationMs: number;
}

/** Slots of the first allocation; an idle circuit has none at all. Doubled as results come, up to the limit. */
const FIRST_SLOTS = 16;
const FAILED = 1;
const SLOW = 2;

function checked(policy: WindowPolicy): WindowPolicy {
  const { requests, durationMs } = policy;
  if (!Number.isInteger(requests) || requests < 1) {
    throw new RangeError(`circuit.window.requests is ${requests}: set a whole number of at least 1`);
  }
  if (!(durationMs > 0)) {
    throw new RangeError(`circuit.window.duration is ${durationMs} ms: set a time above 0`);
  }
  return policy;
}

export class ResultWindow {
  #policy: WindowPolicy;
  #times = new Float64Array(0);
  #flags = new Uint8Array(0);
  #oldest = 0;
  #requests = 0;
  #failures = 0;
  #slow = 0;
  #lastMs = Number.NEGATIVE_INFINITY;

  /** @throws RangeError for a window that cannot hold a result. */
  constructor(policy: WindowPolicy) {
    this.#policy = checked(policy);
  }

  /** Results in the window as of the last call that took a time; `expire` brings it up to date. */
  get requests(): number {
    return this.#requests;
  }

  get failures(): number {
    return this.#failures;
  }

  get slow(): number {
    return this.#slow;
  }

  /** Results that fit into the memory held now: what the window costs, 9 bytes each. */
  get slots(): number {
    return this.#times.length;
  }

  record(failed: boolean, slow: boolean, now: number): void {
    this.expire(now);
    if (this.#requests === this.#policy.requests) this.#dropOldest();
    if (this.#requests === this.#times.length) {
      this.#reallocate(Math.min(this.#policy.requests, Math.max(FIRST_SLOTS, this.#times.length * 2)));
    }
    const slot = this.#slot(this.#requests);
    this.#times[slot] = this.#lastMs;
    this.#requests += 1;
    if (failed || slow) this.#mark(slot, failed, slow);
  }

  /** Drops what is older than `durationMs`; an age of exactly that stays. */
  expire(now: number): void {
    if (now > this.#lastMs) this.#lastMs = now;
    while (this.#requests > 0 && this.#lastMs - (this.#times[this.#oldest] ?? 0) > this.#policy.durationMs) {
      this.#dropOldest();
    }
  }

  /** The newest results, at most `limit`, the oldest first: `.` good, `s` good but slow, `x` failed. For people. */
  recent(limit: number): string {
    let text = '';
    for (let offset = Math.max(0, this.#requests - limit); offset < this.#requests; offset++) {
      const flags = this.#flags[this.#slot(offset)] ?? 0;
      if (flags & FAILED) text += 'x';
      else text += flags & SLOW ? 's' : '.';
    }
    return text;
  }

  /** The newest results, at most `limit`; times are relative to `origin`. */
  remember(limit: number, origin: number): ResultsMemory {
    const atMs: number[] = [];
    const flags: number[] = [];
    for (let offset = Math.max(0, this.#requests - limit); offset < this.#requests; offset++) {
      const slot = this.#slot(offset);
      atMs.push((this.#times[slot] ?? 0) - origin);
      flags.push(this.#flags[slot] ?? 0);
    }
    return { atMs, flags };
  }

  /** Counts what was remembered, as if it had come then. Into an empty window. */
  recall({ atMs, flags }: ResultsMemory, origin: number, now: number): void {
    for (const [index, relativeMs] of atMs.entries()) {
      const flag = flags[index] ?? 0;
      this.record((flag & FAILED) !== 0, (flag & SLOW) !== 0, Math.min(origin + relativeMs, now));
    }
    this.expire(now);
  }

  /** Forgets every result and gives the memory back. */
  clear(): void {
    this.#times = new Float64Array(0);
    this.#flags = new Uint8Array(0);
    this.#oldest = 0;
    this.#requests = 0;
    this.#failures = 0;
    this.#slow = 0;
  }

  /**
   * Takes a new size and keeps the newest results that fit it. What the old size had let go stays gone.
   * @throws RangeError for a window that cannot hold a result; nothing is changed then.
   */
  resize(policy: WindowPolicy, now: number): void {
    const next = checked(policy);
    this.expire(now);
    this.#policy = next;
    this.expire(now);
    while (this.#requests > next.requests) this.#dropOldest();
    if (this.#times.length > next.requests) this.#reallocate(next.requests);
  }

  #slot(offset: number): number {
    const slot = this.#oldest + offset;
    return slot < this.#times.length ? slot : slot - this.#times.length;
  }

  #mark(slot: number, failed: boolean, slow: boolean): void {
    this.#flags[slot] = (failed ? FAILED : 0) | (slow ? SLOW : 0);
    if (failed) this.#failures += 1;
    if (slow) this.#slow += 1;
  }

  #unmark(slot: number): void {
    const flags = this.#flags[slot] ?? 0;
    this.#flags[slot] = 0;
    if (flags & FAILED) this.#failures -= 1;
    if (flags & SLOW) this.#slow -= 1;
  }

  #dropOldest(): void {
    if (this.#failures > 0 || this.#slow > 0) this.#unmark(this.#oldest);
    this.#oldest = this.#slot(1);
    this.#requests -= 1;
  }

  /** `slots` is never below the number of results held. */
  #reallocate(slots: number): void {
    const times = new Float64Array(slots);
    const flags = new Uint8Array(slots);
    for (let offset = 0; offset < this.#requests; offset++) {
      const from = this.#slot(offset);
      times[offset] = this.#times[from] ?? 0;
      flags[offset] = this.#flags[from] ?? 0;
    }
    this.#times = times;
    this.#flags = flags;
    this.#oldest = 0;
  }
}
