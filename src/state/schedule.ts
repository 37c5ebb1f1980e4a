// When to save: every so often, and soon after a circuit has changed its state, for that is what must not be lost. Never
// two at a time, and never so often that saving becomes the work: a circuit may flap.

export interface ScheduleOptions {
  /** Must not throw. */
  readonly save: () => Promise<void>;
  /** At the latest this long after the last one. */
  readonly intervalMs: number;
}

/** Several circuits often change together. */
const SETTLE_MS = 100;
/** Between the end of one and a next one that a change asks for: as many times as long as it took, within these. */
const PAUSE_FACTOR = 20;
const PAUSE_MS = 1_000;
/** A disk that is slow for a moment must not mean that a change is kept in memory alone for minutes. */
const MAX_PAUSE_MS = 5_000;

export class Schedule {
  readonly #options: ScheduleOptions;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires; monotonic milliseconds. */
  #dueMs = Number.POSITIVE_INFINITY;
  /** Before it no change is a reason to save. */
  #restUntilMs = Number.NEGATIVE_INFINITY;
  #saving: Promise<void> | null = null;
  #changed = false;
  #closed = false;

  /** Saves for the first time at once: what is wrong with the place for it should show at the start. */
  constructor(options: ScheduleOptions) {
    this.#options = options;
    this.changed();
  }

  /** Cheap: called for every transition. */
  changed(): void {
    if (this.#saving !== null) this.#changed = true;
    else this.#plan(Math.max(performance.now() + SETTLE_MS, this.#restUntilMs));
  }

  /** Saves a last time. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#saving;
    await this.#options.save();
  }

  #plan(dueMs: number): void {
    if (this.#closed || dueMs >= this.#dueMs) return;
    clearTimeout(this.#timer);
    this.#dueMs = dueMs;
    this.#timer = setTimeout(() => this.#save(), dueMs - performance.now()).unref();
  }

  #save(): void {
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#changed = false;
    const begun = performance.now();
    this.#saving = this.#options.save().finally(() => this.#saved(performance.now() - begun));
  }

  #saved(tookMs: number): void {
    this.#saving = null;
    const now = performance.now();
    const pauseMs = Math.min(MAX_PAUSE_MS, Math.max(PAUSE_MS, PAUSE_FACTOR * tookMs));
    this.#restUntilMs = now + pauseMs;
    this.#plan(now + Math.max(this.#options.intervalMs, pauseMs));
    if (this.#changed) this.changed();
  }
}
