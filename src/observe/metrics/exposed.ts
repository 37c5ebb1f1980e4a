// How plain numbers reach prom-client: metrics whose values are worked out when they are scraped. A value that
// cannot be read leaves its metric empty and is reported; the rest of the scrape goes on.

import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Buckets } from './buckets.js';
import { METRICS, type MetricName } from './catalogue.js';

/** One line of a scrape. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Gives what the metric is now; called once per scrape. */
export type Read = () => Sample[];

export interface HistogramSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly buckets: Buckets;
}

type Values = Awaited<ReturnType<Counter['get']>>;

class ReadCounter extends Counter {
  private readonly read: Read;

  constructor(name: MetricName, registry: Registry, read: Read) {
    super(configuration(name, registry));
    this.read = read;
  }

  override async get(): Promise<Values> {
    return { ...(await super.get()), values: this.read() };
  }
}

class ReadGauge extends Gauge {
  private readonly read: Read;

  constructor(name: MetricName, registry: Registry, read: Read) {
    super(configuration(name, registry));
    this.read = read;
  }

  override async get(): Promise<Values> {
    return { ...(await super.get()), values: this.read() };
  }
}

class ReadHistogram extends Histogram {
  private readonly metric: MetricName;
  /** An empty twin that gives the head of the answer: the `get` of this class's parent would come back here. */
  private readonly empty: Histogram;
  private readonly read: () => HistogramSeries[];

  constructor(name: MetricName, registry: Registry, read: () => HistogramSeries[]) {
    super(configuration(name, registry));
    this.empty = new Histogram({ ...configuration(name, registry), registers: [] });
    this.metric = name;
    this.read = read;
  }

  override async get(): Promise<Awaited<ReturnType<Histogram['get']>>> {
    return { ...(await this.empty.get()), values: this.read().flatMap((series) => lines(this.metric, series)) };
  }

  /** What the registry calls for its text in `get`'s place, where a metric has it; prom-client's types leave it out. */
  getForPromString(): Promise<Awaited<ReturnType<Histogram['get']>>> {
    return this.get();
  }
}

/** Registers metrics of the catalogue; `failed` is told when one could not be read. */
export class Exposition {
  private readonly registry: Registry;
  private readonly failed: (error: unknown) => void;

  constructor(registry: Registry, failed: (error: unknown) => void) {
    this.registry = registry;
    this.failed = failed;
  }

  counter(name: MetricName, read: Read): void {
    new ReadCounter(name, this.registry, () => this.safely(read));
  }

  gauge(name: MetricName, read: Read): void {
    new ReadGauge(name, this.registry, () => this.safely(read));
  }

  histogram(name: MetricName, read: () => HistogramSeries[]): void {
    new ReadHistogram(name, this.registry, () => this.safely(read));
  }

  private safely<T>(read: () => T[]): T[] {
    try {
      return read();
    } catch (error) {
      this.failed(error);
      return [];
    }
  }
}

function configuration(name: MetricName, registry: Registry) {
  const entry = METRICS[name];
  return {
    name,
    help: entry.help,
    labelNames: [...entry.labels],
    registers: [registry],
    ...('buckets' in entry ? { buckets: [...entry.buckets] } : {}),
  };
}

function lines(name: string, { labels, buckets }: HistogramSeries) {
  const cumulative = buckets.cumulative();
  const count = cumulative.at(-1) ?? 0;
  const perBound = cumulative.map((value, index) => ({
    metricName: `${name}_bucket`,
    labels: { ...labels, le: buckets.bounds[index] ?? '+Inf' },
    value,
  }));
  return [
    ...perBound,
    { metricName: `${name}_sum`, labels, value: buckets.sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}
