// What a handler needs from its surroundings: the core, clocks and a timer. Injected, so that a test owns time.

import type { Engine } from '../core/engine.js';

export interface HandlerDeps {
  readonly engine: Engine;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Unix milliseconds: only to read dates that servers send. */
  readonly wallNow: () => number;
  /** Calls `then` once after `ms`, unless the returned function is called before. */
  readonly after: (ms: number, then: () => void) => () => void;
}
