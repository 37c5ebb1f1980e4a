// A bounded list of records, the oldest falling out first, from which a record can also be taken in the middle
// without a search: that is what moving one from the recent to the notable takes.

import type { RequestRecord } from '../../core/record.js';

interface Node {
  readonly record: RequestRecord;
  older: Node | null;
  newer: Node | null;
}

export class Shelf {
  private readonly capacity: number;
  private readonly nodes = new Map<RequestRecord, Node>();
  private oldest: Node | null = null;
  private newest: Node | null = null;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get size(): number {
    return this.nodes.size;
  }

  has(record: RequestRecord): boolean {
    return this.nodes.has(record);
  }

  /** Adds one that is not on this shelf, and gives back the one that fell out for it. */
  add(record: RequestRecord): RequestRecord | null {
    const node: Node = { record, older: this.newest, newer: null };
    if (this.newest === null) this.oldest = node;
    else this.newest.newer = node;
    this.newest = node;
    this.nodes.set(record, node);
    if (this.nodes.size <= this.capacity || this.oldest === null) return null;
    const { record: fallen } = this.oldest;
    this.take(fallen);
    return fallen;
  }

  take(record: RequestRecord): void {
    const node = this.nodes.get(record);
    if (node === undefined) return;
    this.nodes.delete(record);
    if (node.older === null) this.oldest = node.newer;
    else node.older.newer = node.newer;
    if (node.newer === null) this.newest = node.older;
    else node.newer.older = node.older;
  }

  records(): Iterable<RequestRecord> {
    return this.nodes.keys();
  }
}
