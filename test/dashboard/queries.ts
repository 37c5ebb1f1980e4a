// PromQL that the panels have in common.

import { CLUSTER } from './variables.js';

/** Grafana's own choice of a range: at least four scrapes. */
export const IN = '[$__rate_interval]';

/** Per second, summed by labels. `more`: matchers with a comma before. */
export function rate(metric: string, by: string, more = '', scope = CLUSTER): string {
  return `sum by (${by}) (rate(${metric}{${scope}${more}}${IN}))`;
}

export function total(metric: string, more = ''): string {
  return `sum(rate(${metric}{${CLUSTER}${more}}${IN}))`;
}

export function quantile(q: number, metric: string, by: string, scope: string): string {
  return `histogram_quantile(${q}, sum by (le, ${by}) (rate(${metric}_bucket{${scope}}${IN})))`;
}

/** Legend of a series per cluster; the target is only there for clusters that are split by a key. */
export const NAME = '{{cluster}} {{target}}';
