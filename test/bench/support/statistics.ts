// The few figures that benchmarks report. Medians over repeats, because single runs on a shared machine lie.

/** @throws Error on an empty list: a benchmark without a result must not look like one. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/**
 * How much of `base` each is, in the median. Figures of one place were measured together: how fast the machine is changes from
 * one to the next. @throws Error on an empty list.
 */
export function medianRatio(values: readonly number[], base: readonly number[]): number {
  return median(values.map((value, index) => value / (base[index] ?? Number.NaN)));
}

/** Nearest rank, `share` from 0 to 1. @throws Error on an empty list. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
  if (value === undefined) throw new Error('no values were measured');
  return value;
}
