// How often something may be done: so many times at once, and then as often as time allows.

export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

export class Bucket {
  readonly #rate: Rate;
  #level: number;
  #atMs = Number.NEGATIVE_INFINITY;

  constructor(rate: Rate) {
    this.#rate = rate;
    this.#level = rate.burst;
  }

  /** Whole seconds until there is one to take, at least 1; 0: there is. Takes nothing. */
  waitSeconds(nowMs: number): number {
    this.#fill(nowMs);
    return this.#level >= 1 ? 0 : Math.ceil((1 - this.#level) / this.#rate.perSecond);
  }

  take(nowMs: number): void {
    this.#fill(nowMs);
    this.#level = Math.max(0, this.#level - 1);
  }

  /** Nothing was taken for so long that a new one would be the same. */
  isFull(nowMs: number): boolean {
    this.#fill(nowMs);
    return this.#level >= this.#rate.burst;
  }

  #fill(nowMs: number): void {
    const passedMs = Math.max(0, nowMs - this.#atMs);
    this.#level = Math.min(this.#rate.burst, this.#level + (passedMs / 1000) * this.#rate.perSecond);
    this.#atMs = Math.max(this.#atMs, nowMs);
  }
}
