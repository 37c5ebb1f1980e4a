// How long a circuit stays open. Each opening without health in between doubles the time, so that a dead upstream is
// asked ever more rarely; health is forgiven step by step, so that one bad minute is not held against an upstream for
// a day; chance spreads the probes of many sidecars.
//
// Health is time spent closed, measured in periods as long as the last open time. An opening before the first
// such period is over goes one level up (so does every one from half_open or recovering); each full period
// takes one level off. The level stops where the doubling reaches `maxMs`: beyond it nothing would get longer, only
// forgiveness later.

import type { CircuitPolicy } from '../policy.js';
import type { OpenTimeMemory } from './memory.js';

type OpenPolicy = CircuitPolicy['open'];

/**
 * base * 2^level and up to `jitter` of that on top, by chance; never below `baseMs`, never past `maxMs`. Near the
 * maximum the whole range moves down rather than being cut off: cut off, every sidecar would probe at the same
 * moment just when the upstream has been down for longest. Whole milliseconds.
 */
export function openTimeMs(policy: OpenPolicy, level: number, random: () => number): number {
  const { baseMs, maxMs, jitter } = policy;
  const roomForJitter = Math.max(Math.min(baseMs, maxMs), maxMs / (1 + jitter));
  const calmMs = Math.min(baseMs * 2 ** level, roomForJitter);
  return Math.min(maxMs, Math.ceil(calmMs + calmMs * jitter * random()));
}

export class OpenTime {
  #level = 0;
  #lastOpenMs = 0;
  #closedAtMs = 0;

  /** Openings in a row that each doubled the time; 0: the next one takes `baseMs`. */
  get level(): number {
    return this.#level;
  }

  remember(origin: number): OpenTimeMemory {
    return { level: this.#level, lastOpenMs: this.#lastOpenMs, closedAtMs: this.#closedAtMs - origin };
  }

  recall({ level, lastOpenMs, closedAtMs }: OpenTimeMemory, origin: number, now: number): void {
    this.#level = level;
    this.#lastOpenMs = lastOpenMs;
    this.#closedAtMs = Math.min(origin + closedAtMs, now);
  }

  /** The circuit has closed: health is counted from here. */
  closed(now: number): void {
    this.#closedAtMs = now;
  }

  /** Forgets all that went before. */
  reset(): void {
    this.#level = 0;
    this.#lastOpenMs = 0;
  }

  /**
   * The circuit opens; answers for how many milliseconds.
   * @param relapse it was not even closed: a probe or the ramp failed.
   * @param askedMs how long the server asked to be left alone; not above 0: it did not. Lengthens the time, never
   *   past `maxMs`.
   */
  begin(policy: OpenPolicy, relapse: boolean, askedMs: number, now: number, random: () => number): number {
    if (this.#lastOpenMs > 0) {
      const healthyPeriods = relapse ? 0 : Math.floor((now - this.#closedAtMs) / this.#lastOpenMs);
      this.#level = healthyPeriods > 0 ? Math.max(0, this.#level - healthyPeriods) : this.#oneUp(policy);
    }
    const ownMs = openTimeMs(policy, this.#level, random);
    this.#lastOpenMs = askedMs > ownMs ? Math.min(askedMs, policy.maxMs) : ownMs;
    return this.#lastOpenMs;
  }

  #oneUp(policy: OpenPolicy): number {
    return policy.baseMs * 2 ** this.#level < policy.maxMs ? this.#level + 1 : this.#level;
  }
}
