// What both sides count, by name: Envoy's statistics and Sluice's metrics, at one moment or between two.

/** Counters and gauges by their full name; of a metric with labels, one entry for each set of them. */
export interface Figures {
  /** Sum of all that `matches`. */
  sum(matches: RegExp): number;
  /** Those that match and are above 0: what the first group of `matches` caught, with the figure, the largest first. */
  each(matches: RegExp): readonly (readonly [string, number])[];
  /** There is such a figure, whatever it is. */
  has(matches: RegExp): boolean;
}

const SAMPLE = /^([^\s{]+(?:\{.*\})?) (\S+)/;
const STATISTIC = /^(\S+): (\d+)$/;

export function figures(counted: ReadonlyMap<string, number>): Figures {
  const matching = (matches: RegExp) => [...counted].filter(([name]) => matches.test(name));
  return {
    sum: (matches) => matching(matches).reduce((total, [, value]) => total + value, 0),
    each: (matches) =>
      matching(matches)
        .filter(([, value]) => value > 0)
        .map(([name, value]): [string, number] => [matches.exec(name)?.[1] ?? name, value])
        .sort(([, one], [, other]) => other - one),
    has: (matches) => matching(matches).length > 0,
  };
}

/** What was counted between two moments. A counter that fell began anew: all it has by now is new. */
export function between(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): Map<string, number> {
  const added = new Map<string, number>();
  for (const [name, value] of after) {
    const earlier = before.get(name) ?? 0;
    added.set(name, value >= earlier ? value - earlier : value);
  }
  return added;
}

/** Prometheus text: names with their labels as they stand there. Histograms give their buckets as well. */
export function readMetrics(text: string): Map<string, number> {
  return readLines(text, SAMPLE);
}

/** The text of Envoy's /stats: histograms are left out. */
export function readStatistics(text: string): Map<string, number> {
  return readLines(text, STATISTIC);
}

function readLines(text: string, line: RegExp): Map<string, number> {
  const read = new Map<string, number>();
  for (const each of text.split('\n')) {
    if (each.startsWith('#')) continue;
    const [, name, value] = line.exec(each) ?? [];
    if (name !== undefined && Number.isFinite(Number(value))) read.set(name, Number(value));
  }
  return read;
}

/** A name as it stands, for a place in an expression. */
export function literal(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
