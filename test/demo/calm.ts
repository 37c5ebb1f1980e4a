// Twenty requests a second are more than anyone reads. Of events that say the same of one request after another, the
// first is told, and then one every few seconds with the number of those left out.

import type { DemoEvent } from './events.js';

interface Told {
  atMs: number;
  leftOut: number;
}

export class Calm {
  readonly #everyMs: number;
  readonly #groups = new Map<string, Told>();

  /** @param everyMs how long a group keeps silent after it was told. */
  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** Those to tell, in the same order. */
  filter(events: readonly DemoEvent[]): DemoEvent[] {
    return events.flatMap((event) => {
      if (event.group === null) return [event];
      const told = this.#groups.get(event.group);
      if (told !== undefined && event.atMs - told.atMs < this.#everyMs) {
        told.leftOut += 1;
        return [];
      }
      const leftOut = told?.leftOut ?? 0;
      this.#groups.set(event.group, { atMs: event.atMs, leftOut: 0 });
      return [leftOut === 0 ? event : { ...event, text: `${event.text} +${leftOut} more` }];
    });
  }
}
