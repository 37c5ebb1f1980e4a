// One histogram series as plain numbers, for the same reason as the grid of counters: prom-client's own takes
// about 700 ns for an observation.

/** One series, as a scrape reads it. */
export interface Histogram {
  /** Upper bounds, rising. */
  readonly bounds: readonly number[];
  /** Of each bucket alone. One more than the bounds: the last is of what lies above them all. */
  readonly counts: Float64Array;
  readonly sum: number;
}

/**
 * The index of the bucket that the value belongs to; -1: none. A value that is not a number, or below 0 (a clock's fault), is
 * left out: it would spoil the sum for good.
 */
export function bucketOf(bounds: readonly number[], value: number): number {
  if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) return -1;
  let index = 0;
  while (index < bounds.length && value > (bounds[index] ?? 0)) index++;
  return index;
}

/** Observations that no request is named for. One touches one count and the sum. */
export class Buckets implements Histogram {
  readonly bounds: readonly number[];
  readonly counts: Float64Array;
  private total = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  get sum(): number {
    return this.total;
  }

  observe(value: number): void {
    const index = bucketOf(this.bounds, value);
    if (index < 0) return;
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.total += value;
  }
}
