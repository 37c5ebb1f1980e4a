// Time that passes when it is told to, and what waits for it.

interface Timer {
  readonly atMs: number;
  readonly then: () => void;
}

export class Timers {
  nowMs = 1_000_000;
  readonly #timers = new Set<Timer>();

  get size(): number {
    return this.#timers.size;
  }

  after(ms: number, then: () => void): () => void {
    const timer = { atMs: this.nowMs + ms, then };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** In order of their making, which is near enough for what is not about order. */
  pass(ms: number): void {
    this.nowMs += ms;
    for (const timer of this.#timers) {
      if (timer.atMs > this.nowMs) continue;
      this.#timers.delete(timer);
      timer.then();
    }
  }
}
