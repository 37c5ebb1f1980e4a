// Requests that have changed since the live views were last told. The traffic only adds to a set, and only while
// somebody watches; what it costs to tell of them is paid later, between requests.

import type { RequestRecord } from '../../core/record.js';

/** More than these between two events are told by a new snapshot. */
const MAX_CHANGED = 1000;

export class Changed {
  #records = new Set<RequestRecord>();
  #overflowed = false;

  readonly add = (record: RequestRecord): void => {
    if (this.#records.size < MAX_CHANGED) this.#records.add(record);
    else if (!this.#records.has(record)) this.#overflowed = true;
  };

  /** Those since the last call, newest first; null: too many. */
  take(): RequestRecord[] | null {
    const taken = this.#overflowed ? null : [...this.#records].sort((a, b) => b.startedAtMs - a.startedAtMs);
    this.#records.clear();
    this.#overflowed = false;
    return taken;
  }
}
