// The memory of a running Sluice: read once before the first request, written while it runs, and a last time at its end.
// Nothing that goes wrong with the file is more than a log line and a count.

import type { MemoryLimits } from '../core/circuit/memory.js';
import type { Recalled, Remembered } from '../core/recall.js';
import { atMost } from '../server/at-most.js';
import { memoryLimits } from './limits.js';
import { loadState } from './load.js';
import { currentMoment } from './moment.js';
import type { LoadProblem } from './problems.js';
import { saveState } from './save.js';
import { Schedule } from './schedule.js';

export interface StateOptions {
  readonly file: string;
  /** Between two savings, at most. */
  readonly intervalMs: number;
  /** An older file is ignored. */
  readonly maxAgeMs: number;
}

export interface StateDeps {
  /** What there is to remember; `now` as in the core. */
  readonly remember: (limits: MemoryLimits, now: number) => Iterable<Remembered>;
  /** How many circuits there are. */
  readonly circuits: () => number;
  readonly recall: (memories: readonly Remembered[], origin: number, now: number) => Recalled;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly told: StateObserver;
}

export interface StateObserver {
  restored(recalled: Recalled, ageMs: number): void;
  ignored(problem: LoadProblem, why: string): void;
  saved(): void;
  saveFailed(error: unknown): void;
}

/** A disk that hangs must not hold up the end of the process for longer. */
const LAST_SAVE_MS = 2_000;

export class StateKeeper {
  readonly #options: StateOptions;
  readonly #deps: StateDeps;
  #schedule: Schedule | null = null;

  constructor(options: StateOptions, deps: StateDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Goes on where the last process left off, as far as the file says so. Before the first request. */
  async load(): Promise<void> {
    const { told, recall, now } = this.#deps;
    const loaded = await loadState(this.#options.file, this.#options.maxAgeMs);
    if (!loaded.ok) return told.ignored(loaded.problem, loaded.why);
    const at = now();
    told.restored(recall(loaded.memories, at - loaded.ageMs, at), loaded.ageMs);
  }

  /** From now on the file is kept up to date. */
  start(): void {
    this.#schedule = new Schedule({ save: () => this.#save(), intervalMs: this.#options.intervalMs });
  }

  /** A circuit has changed its state. */
  changed(): void {
    this.#schedule?.changed();
  }

  /** Saves a last time. */
  async close(): Promise<void> {
    await atMost(LAST_SAVE_MS, this.#schedule?.close() ?? Promise.resolve());
    this.#schedule = null;
  }

  async #save(): Promise<void> {
    const { remember, circuits, now, told } = this.#deps;
    try {
      await saveState(this.#options.file, currentMoment(), remember(memoryLimits(circuits()), now()));
      told.saved();
    } catch (error) {
      told.saveFailed(error);
    }
  }
}
