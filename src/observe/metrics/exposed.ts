// Writes metrics as a scrape wants them. prom-client could, but formats a thousand clusters in one go, for a third of
// a second in which no request is answered; this writes straight from the numbers, a slice at a time.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Histogram } from './buckets.js';
import type { Exemplar } from './exemplars.js';
import type { ScrapeFormat } from './format.js';
import { type FamilyHead, headText, sampleText } from './text.js';

/** One line of a scrape. */
export interface Sample {
  /** `name="value"` pairs with commas between, made by `label` and `labels`; '' for none. */
  readonly labels: string;
  readonly value: number;
  /** Of a histogram's or a summary's lines, behind the metric's name. */
  readonly suffix?: '_bucket' | '_sum' | '_count';
  /** Upper bound of a bucket; Infinity for the last one. */
  readonly le?: number;
  /** Only OpenMetrics can show it. */
  readonly exemplar?: Exemplar | null;
}

export interface Family extends FamilyHead {
  readonly samples: Iterable<Sample>;
}

/** Gives what the metrics are now. Samples may be read over several turns of the event loop. */
export type Read = () => readonly Family[] | Promise<readonly Family[]>;

/** Lines written before the traffic gets its turn; some hundred microseconds. */
const SLICE = 250;

export class Exposition {
  private readonly reads: Read[] = [];
  private readonly failed: (error: unknown) => void;

  /** `failed` is told of a metric that could not be read; what was read of it before, and the others, are written. */
  constructor(failed: (error: unknown) => void) {
    this.failed = failed;
  }

  /** A metric whose name, type and help are known; only its samples are read. */
  add(head: FamilyHead, read: () => Iterable<Sample>): void {
    this.reads.push(() => [{ ...head, samples: lazily(read) }]);
  }

  /** Metrics that are only known when they are read. */
  addMany(read: Read): void {
    this.reads.push(read);
  }

  async text(format: ScrapeFormat): Promise<string> {
    const slices: string[] = [];
    for (const read of this.reads) {
      for (const family of await this.familiesOf(read)) {
        slices.push(headText(family, format));
        for (const slice of this.slicesOf(family, format)) {
          slices.push(slice);
          await nextTurn();
        }
      }
    }
    if (format === 'openmetrics') slices.push('# EOF\n');
    return slices.join('');
  }

  private async familiesOf(read: Read): Promise<readonly Family[]> {
    try {
      return await read();
    } catch (error) {
      this.failed(error);
      return [];
    }
  }

  /** At least one slice per metric, so that none of them takes the turn of the traffic. */
  private *slicesOf(family: Family, format: ScrapeFormat): Generator<string> {
    let slice = '';
    let lines = 0;
    try {
      for (const sample of family.samples) {
        slice += sampleText(family, sample, format);
        lines++;
        if (lines % SLICE !== 0) continue;
        yield slice;
        slice = '';
      }
    } catch (error) {
      this.failed(error);
    }
    yield slice;
  }
}

/** What throws while it is read must do so where it is caught, and its head is written all the same. */
function lazily(read: () => Iterable<Sample>): Iterable<Sample> {
  return { [Symbol.iterator]: () => read()[Symbol.iterator]() };
}

/** All lines of one series of a histogram, of one moment. */
export function histogramSamples(
  seriesLabels: string,
  { bounds, counts, sum }: Histogram,
  exemplarOf: (bucket: number) => Exemplar | null = () => null,
): Sample[] {
  let seen = 0;
  const buckets = Array.from(counts, (count, index): Sample => {
    seen += count;
    const le = bounds[index] ?? Number.POSITIVE_INFINITY;
    return { suffix: '_bucket', labels: seriesLabels, le, value: seen, exemplar: exemplarOf(index) };
  });
  return [
    ...buckets,
    { suffix: '_sum', labels: seriesLabels, value: sum },
    { suffix: '_count', labels: seriesLabels, value: seen },
  ];
}
