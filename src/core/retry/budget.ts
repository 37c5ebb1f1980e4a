// Retries multiply load just when an upstream can bear it least. A limit per request does not help when every
// request fails; a share of the traffic does. Each cluster has one budget: requests deposit, retries withdraw.
//
//   allowance = ratio * requests + minPerSecond * window - retries, all within the window
//
// The window slides in steps of a twentieth of itself. What was counted stays for one whole window and up to one
// step longer, never shorter: retries are forgotten late, so the rate promised is never exceeded by the steps.
// O(1) amortised per call, 21 pairs of numbers per cluster. A clock that steps back is held at the last step seen.

import type { BudgetPolicy } from '../policy.js';

const STEPS = 20;
/** The running step and all the others that a whole window may still reach into. */
const SLOTS = STEPS + 1;
/** A step before any that a clock tells. A small whole number, as V8 keeps those in the object itself, and all others beside it. */
const BEFORE_ALL = -(2 ** 30);
/** 0.29 * 100 is a little below 29 in floating point; a budget must not lose a retry to that. */
const ROUNDING = 1e-9;

/** What a budget takes along into the next process: the steps in which anything was counted, the oldest first. */
export interface BudgetMemory {
  /** When each step is over, in milliseconds after the moment of remembering: negative is before it. */
  readonly endsMs: readonly number[];
  readonly requests: readonly number[];
  readonly retries: readonly number[];
}

export class RetryBudget {
  #policy: BudgetPolicy;
  #requestsIn = new Float64Array(SLOTS);
  #retriesIn = new Float64Array(SLOTS);
  #requests = 0;
  #retries = 0;
  /** Of `#requests`, those of the running step that are not in its slot yet: a request of a step under way touches nothing else. */
  #notFiled = 0;
  /** Number of the running step, counted from the clock's zero; its slot is the remainder by SLOTS. */
  #step = BEFORE_ALL;

  /** @throws RangeError for a window without length. */
  constructor(policy: BudgetPolicy) {
    this.#policy = checked(policy);
  }

  /** One request (not attempt) was made. */
  deposit(now: number): void {
    this.#advance(now);
    this.#notFiled += 1;
    this.#requests += 1;
  }

  /** Charges one retry; false: the budget is spent and nothing was charged. */
  tryWithdraw(now: number): boolean {
    if (!this.available(now)) return false;
    this.#addRetries(this.#step, 1);
    return true;
  }

  /**
   * Charges a retry that was made whatever the budget says. What is overdrawn has to be earned before the next one, so
   * that retries nobody could stop push out later ones and do not come on top of them.
   */
  charge(now: number): void {
    this.#advance(now);
    this.#addRetries(this.#step, 1);
  }

  /**
   * The retry charged at `withdrawnAtMs` was not sent. Given back to the step it was charged in, so that it is not
   * remembered beyond its time; nothing happens where that is no longer in the window, or holds no charge.
   */
  refund(now: number, withdrawnAtMs: number): void {
    this.#advance(now);
    const step = Math.min(this.#step, this.#stepAt(withdrawnAtMs));
    if (this.#isLive(step) && this.#at(this.#retriesIn, step) > 0) this.#addRetries(step, -1);
  }

  /** Whole retries left; never below 0, even where a new policy allows less than was already spent. */
  remaining(now: number): number {
    this.#advance(now);
    const { ratio, minPerSecond, windowMs } = this.#policy;
    const allowance = ratio * this.#requests + (minPerSecond * windowMs) / 1000 - this.#retries;
    return Math.max(0, Math.floor(allowance + ROUNDING));
  }

  /** Would `tryWithdraw` say yes? */
  available(now: number): boolean {
    return this.remaining(now) >= 1;
  }

  /**
   * Takes a new policy and keeps what was counted. Into a window of another length it is carried over step by step,
   * as if all of a step had come at its end.
   * @throws RangeError for a window without length; nothing is changed then.
   */
  reconfigure(policy: BudgetPolicy, now: number): void {
    const next = checked(policy);
    this.#advance(now);
    const before = this.#policy;
    this.#policy = next;
    if (next.windowMs !== before.windowMs) this.#carryOver(before, now);
  }

  remember(now: number): BudgetMemory {
    this.#advance(now);
    this.#file();
    const endsMs: number[] = [];
    const requests: number[] = [];
    const retries: number[] = [];
    for (let step = this.#step - SLOTS + 1; step <= this.#step; step++) {
      const [requestsIn, retriesIn] = [this.#at(this.#requestsIn, step), this.#at(this.#retriesIn, step)];
      if (requestsIn === 0 && retriesIn === 0) continue;
      endsMs.push((step + 1) * this.#stepMs(this.#policy) - now);
      requests.push(requestsIn);
      retries.push(retriesIn);
    }
    return { endsMs, requests, retries };
  }

  /**
   * Counts what was remembered at `origin`, as if all of a step had come at its end: steps of another clock lie
   * elsewhere, and what is forgotten too early would be allowed twice. Into a budget that has counted nothing.
   */
  recall({ endsMs, requests, retries }: BudgetMemory, origin: number, now: number): void {
    this.#advance(now);
    for (const [index, endMs] of endsMs.entries()) {
      const into = Math.min(this.#step, this.#stepEndingAt(origin + endMs));
      if (!this.#isLive(into)) continue;
      this.#addRequests(into, requests[index] ?? 0);
      this.#addRetries(into, retries[index] ?? 0);
    }
  }

  /** The step that is over then, or the one in which that moment lies. */
  #stepEndingAt(atMs: number): number {
    return Math.ceil(atMs / this.#stepMs(this.#policy) - ROUNDING) - 1;
  }

  #stepMs(policy: BudgetPolicy): number {
    return policy.windowMs / STEPS;
  }

  #stepAt(atMs: number): number {
    return Math.floor(atMs / this.#stepMs(this.#policy));
  }

  #isLive(step: number): boolean {
    return step > this.#step - SLOTS && step <= this.#step;
  }

  #advance(now: number): void {
    const step = this.#stepAt(now);
    if (step <= this.#step) return;
    this.#file();
    const from = Math.max(this.#step + 1, step - SLOTS + 1);
    for (let gone = from; gone <= step; gone++) this.#empty(slotOf(gone));
    this.#step = step;
  }

  #file(): void {
    const slot = slotOf(this.#step);
    this.#requestsIn[slot] = (this.#requestsIn[slot] ?? 0) + this.#notFiled;
    this.#notFiled = 0;
  }

  #empty(slot: number): void {
    this.#requests -= this.#requestsIn[slot] ?? 0;
    this.#retries -= this.#retriesIn[slot] ?? 0;
    this.#requestsIn[slot] = 0;
    this.#retriesIn[slot] = 0;
  }

  #at(counts: Float64Array, step: number): number {
    return counts[slotOf(step)] ?? 0;
  }

  #addRequests(step: number, count: number): void {
    this.#requestsIn[slotOf(step)] = this.#at(this.#requestsIn, step) + count;
    this.#requests += count;
  }

  #addRetries(step: number, count: number): void {
    this.#retriesIn[slotOf(step)] = this.#at(this.#retriesIn, step) + count;
    this.#retries += count;
  }

  #carryOver(before: BudgetPolicy, now: number): void {
    this.#file();
    const heldMs = Math.max(now, this.#step * this.#stepMs(before));
    const requestsIn = this.#requestsIn;
    const retriesIn = this.#retriesIn;
    const newest = this.#step;
    this.#requestsIn = new Float64Array(SLOTS);
    this.#retriesIn = new Float64Array(SLOTS);
    this.#requests = 0;
    this.#retries = 0;
    this.#step = this.#stepAt(heldMs);
    for (let step = newest - SLOTS + 1; step <= newest; step++) {
      const endMs = Math.min(heldMs, (step + 1) * this.#stepMs(before));
      const into = this.#stepAt(endMs);
      if (!this.#isLive(into)) continue;
      this.#addRequests(into, this.#at(requestsIn, step));
      this.#addRetries(into, this.#at(retriesIn, step));
    }
  }
}

function slotOf(step: number): number {
  const remainder = step % SLOTS;
  return remainder < 0 ? remainder + SLOTS : remainder;
}

function checked(policy: BudgetPolicy): BudgetPolicy {
  if (policy.windowMs > 0) return policy;
  throw new RangeError(`retry.budget.window is ${policy.windowMs} ms: set a time above 0`);
}
