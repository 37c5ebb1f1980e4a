// Writes our metrics in Prometheus' text format. prom-client could, but formats a thousand clusters in one go, for
// a third of a second in which no request is answered; this writes straight from the numbers, a slice at a time.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Buckets } from './buckets.js';
import { METRICS, type MetricName } from './catalogue.js';

/** One line of a scrape. */
export interface Sample {
  /** `name="value"` pairs with commas between, made by `label` and `labels`; '' for none. */
  readonly labels: string;
  readonly value: number;
  /** Of a histogram's lines, behind the metric's name. */
  readonly suffix?: '_bucket' | '_sum' | '_count';
}

/** Gives what the metric is now. May be read over several turns of the event loop. */
export type Read = () => Iterable<Sample>;

/** Lines written before the traffic gets its turn; some hundred microseconds. */
const SLICE = 250;

export class Exposition {
  private readonly metrics: (readonly [MetricName, Read])[] = [];
  private readonly failed: (error: unknown) => void;

  /** `failed` is told of a metric that could not be read; what was read of it before, and the others, are written. */
  constructor(failed: (error: unknown) => void) {
    this.failed = failed;
  }

  add(name: MetricName, read: Read): void {
    this.metrics.push([name, read]);
  }

  async text(): Promise<string> {
    const slices: string[] = [];
    for (const [name, read] of this.metrics) {
      slices.push(`# HELP ${name} ${METRICS[name].help}\n# TYPE ${name} ${METRICS[name].type}\n`);
      for (const slice of this.slicesOf(name, read)) {
        slices.push(slice);
        await nextTurn();
      }
    }
    return slices.join('');
  }

  /** At least one slice per metric, so that none of them takes the turn of the traffic. */
  private *slicesOf(name: MetricName, read: Read): Generator<string> {
    let slice = '';
    let lines = 0;
    try {
      for (const sample of read()) {
        slice += line(name, sample);
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

/** One label, escaped as the format wants it. Line breaks do not occur: label values are printable. */
export function label(name: string, value: string): string {
  return `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

export function labels(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => label(name, value))
    .join(',');
}

/** All lines of one series of a histogram, of one moment. */
export function histogramSamples(seriesLabels: string, buckets: Buckets): Sample[] {
  const cumulative = buckets.cumulative();
  return [
    ...cumulative.map((value, index) => ({
      suffix: '_bucket' as const,
      labels: `${seriesLabels},le="${buckets.bounds[index] ?? '+Inf'}"`,
      value,
    })),
    { suffix: '_sum', labels: seriesLabels, value: buckets.sum },
    { suffix: '_count', labels: seriesLabels, value: cumulative.at(-1) ?? 0 },
  ];
}

function line(name: string, sample: Sample): string {
  const series = sample.suffix === undefined ? name : name + sample.suffix;
  const value = sample.value === Number.POSITIVE_INFINITY ? '+Inf' : String(sample.value);
  return sample.labels === '' ? `${series} ${value}\n` : `${series}{${sample.labels}} ${value}\n`;
}
