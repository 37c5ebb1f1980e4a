// Knows how many ext_proc streams are open, so that draining can wait for the last one.

import type { TransportHooks } from './hooks.js';

export class OpenStreams {
  #count = 0;
  #waiting: (() => void)[] = [];

  /** The same hooks, with the streams counted on the way. */
  counting(hooks: TransportHooks): TransportHooks {
    return {
      streamOpened: (role) => {
        this.#count++;
        hooks.streamOpened(role);
      },
      streamClosed: (role) => {
        hooks.streamClosed(role);
        this.#count--;
        if (this.#count === 0) this.#wake();
      },
      decided: (role, seconds) => hooks.decided(role, seconds),
      logEnded: () => hooks.logEnded(),
      socketRestored: () => hooks.socketRestored(),
      traceArrived: (endedAtMs) => hooks.traceArrived(endedAtMs),
      refused: (what) => hooks.refused(what),
      fault: (place, error) => hooks.fault(place, error),
    };
  }

  /** Resolves once no stream is open: at once, where none is. */
  idle(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
