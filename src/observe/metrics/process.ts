// Node's own process metrics. prom-client collects them; our writer writes them, so that a scrape is of one format.

import { collectDefaultMetrics, Registry } from 'prom-client';
import { MISNAMED_DEFAULTS } from './catalogue.js';
import type { Family, Sample } from './exposed.js';
import { labels } from './text.js';

/** What prom-client gives; of a histogram's values it also says of which line they are. */
interface Collected {
  readonly name: string;
  readonly help: string;
  readonly type: unknown;
  readonly values: readonly {
    readonly value: number;
    readonly labels: Readonly<Record<string, string | number | undefined>>;
    readonly metricName?: string;
  }[];
}

const SUFFIXES = ['_bucket', '_sum', '_count'] as const;
const TYPES = ['counter', 'gauge', 'histogram', 'summary'] as const;

/** A reader of the metrics of this process. */
export function processMetrics(): () => Promise<Family[]> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED_DEFAULTS) registry.removeSingleMetric(name);
  return async () => (await registry.getMetricsAsJSON()).map(family);
}

function family(metric: Collected): Family {
  const type = TYPES.find((candidate) => candidate === String(metric.type));
  if (type === undefined) throw new Error(`${metric.name} is of the unknown type ${String(metric.type)}`);
  return { name: metric.name, type, help: metric.help, samples: metric.values.map((value) => sample(metric, value)) };
}

function sample(metric: Collected, { metricName, value, labels: own }: Collected['values'][number]): Sample {
  const { le, ...rest } = own;
  const text = labels(Object.fromEntries(Object.entries(rest).map(([name, word]) => [name, String(word)])));
  const suffix = SUFFIXES.find((candidate) => metricName === metric.name + candidate);
  return {
    labels: text,
    value,
    ...(suffix === undefined ? {} : { suffix }),
    ...(le === undefined ? {} : { le: le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le) }),
  };
}
