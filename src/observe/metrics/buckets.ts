// One histogram series as plain numbers, for the same reason as the grid of counters: prom-client's own takes
// about 700 ns for an observation.

import { type Exemplar, Exemplars } from './exemplars.js';

/** Cumulative counts are made at the scrape; an observation touches one cell and the sum. */
export class Buckets {
  /** Upper bounds, rising. */
  readonly bounds: readonly number[];
  /** One more than the bounds: the last counts what lies above them all. */
  private readonly counts: Float64Array;
  /** null until an observation has named a request. */
  private exemplars: Exemplars | null = null;
  private total = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  get sum(): number {
    return this.total;
  }

  /** A value that is not a number, or below 0 (a clock's fault), is left out: it would spoil the sum for good. */
  observe(value: number): void {
    this.put(value);
  }

  /** The same, for a request that the bucket may be explained by. */
  observeOf(value: number, id: string, atMs: number): void {
    const index = this.put(value);
    if (index < 0) return;
    this.exemplars ??= new Exemplars(this.counts.length);
    this.exemplars.keep(index, id, value, atMs);
  }

  /** Counts at or below each bound, then the count of all. */
  cumulative(): number[] {
    let seen = 0;
    return Array.from(this.counts, (count) => {
      seen += count;
      return seen;
    });
  }

  /** Of the bucket at an index of `cumulative`: a value that lies above the bound before it. */
  exemplar(index: number): Exemplar | null {
    return this.exemplars?.of(index) ?? null;
  }

  /** The index of the bucket; -1: left out. */
  private put(value: number): number {
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) return -1;
    let index = 0;
    while (index < this.bounds.length && value > (this.bounds[index] ?? 0)) index++;
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.total += value;
    return index;
  }
}
