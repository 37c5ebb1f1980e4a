// Is memory flat? A line through the samples, by least squares, and a bound on how far it rises from its first to its last.

export interface Sample {
  /** Since the start, in seconds. */
  readonly atS: number;
  readonly bytes: number;
}

export interface Trend {
  /** Of the line at the first sample. */
  readonly firstBytes: number;
  /** How far the line rises until the last sample; negative: it falls. */
  readonly riseBytes: number;
}

/** What has to be remembered, like the histories of requests, is so after this share of the samples. */
const WARM_UP = 1 / 3;
const LEAST_SAMPLES = 3;

export function afterWarmUp(samples: readonly Sample[]): readonly Sample[] {
  return samples.slice(Math.floor(samples.length * WARM_UP));
}

/** null: too few samples to tell. */
export function trendOf(samples: readonly Sample[]): Trend | null {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || samples.length < LEAST_SAMPLES) return null;
  const mean = (of: (sample: Sample) => number) => samples.reduce((sum, each) => sum + of(each), 0) / samples.length;
  const [meanS, meanBytes] = [mean(({ atS }) => atS), mean(({ bytes }) => bytes)];
  const spread = mean(({ atS }) => (atS - meanS) ** 2);
  const slope = spread === 0 ? 0 : mean(({ atS, bytes }) => (atS - meanS) * (bytes - meanBytes)) / spread;
  return { firstBytes: meanBytes + slope * (first.atS - meanS), riseBytes: slope * (last.atS - first.atS) };
}

/** Flat: it rises by less than the share of where it started, or by less than `freeBytes`. */
export function isFlat({ firstBytes, riseBytes }: Trend, share: number, freeBytes: number): boolean {
  return riseBytes <= Math.max(share * firstBytes, freeBytes);
}
