// Which circuit was used longest ago? A doubly linked list through the entries themselves: every operation is O(1)
// and allocates nothing, however many clusters there are.

export interface Linked<T> {
  /** Used before this one. */
  older: T | null;
  /** Used after this one. */
  newer: T | null;
  listed: boolean;
}

export class RecencyList<T extends Linked<T>> {
  #oldest: T | null = null;
  #newest: T | null = null;

  get oldest(): T | null {
    return this.#oldest;
  }

  /** Makes it the newest, whether it is listed yet or not. */
  touch(entry: T): void {
    if (entry === this.#newest) return;
    this.remove(entry);
    entry.older = this.#newest;
    if (this.#newest === null) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
    entry.listed = true;
  }

  /** Harmless for one that is not listed. */
  remove(entry: T): void {
    if (!entry.listed) return;
    if (entry.older === null) this.#oldest = entry.newer;
    else entry.older.newer = entry.newer;
    if (entry.newer === null) this.#newest = entry.older;
    else entry.newer.older = entry.older;
    entry.older = null;
    entry.newer = null;
    entry.listed = false;
  }
}
