// A bounded list of records, the oldest falling out first, from which a record can also be taken in the middle
// without a search: that is what moving one from the recent to the notable takes.

import { ChurnMap, hashOfId } from '../../core/churn-map.js';
import type { RequestRecord } from '../../core/record.js';

export class Shelf {
  private readonly capacity: number;
  private readonly held = new ChurnMap<string, RequestRecord>(hashOfId);

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get size(): number {
    return this.held.size;
  }

  has(record: RequestRecord): boolean {
    return this.held.has(record.id);
  }

  /** Adds one that is not on this shelf, and gives back the one that fell out for it. */
  add(record: RequestRecord): RequestRecord | null {
    this.held.set(record.id, record);
    const { oldest } = this.held;
    if (this.held.size <= this.capacity || oldest === undefined) return null;
    this.take(oldest);
    return oldest;
  }

  take(record: RequestRecord): void {
    this.held.delete(record.id);
  }

  records(): Iterable<RequestRecord> {
    return this.held.values();
  }
}
