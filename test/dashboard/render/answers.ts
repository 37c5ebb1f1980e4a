// Asks Prometheus what Grafana would ask for each panel, with the dashboard's variables put in. A query that fails, or has
// nothing to show after a scene in which everything happened, is a mistake in the dashboard.

import type { DashboardView, PanelView } from '../../support/dashboard.js';
import type { Prometheus, Series } from '../../support/prometheus.js';

export interface TimeRange {
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

/** As for a data source whose scrape interval is set to this, which is also the finest step. */
export const STEP_SECONDS = 2;
/** Grafana's `$__rate_interval`: four scrapes. */
const RATE_INTERVAL = `${4 * STEP_SECONDS}s`;

export interface NamedSeries extends Series {
  /** By the panel's legend. */
  readonly name: string;
}

export interface AnsweredPanel {
  readonly panel: PanelView;
  readonly series: readonly NamedSeries[];
}

/** Rows of the dashboard have no queries and come back without series. @throws Error that lists all that is empty or fails. */
export async function answer(
  { panels, templating }: DashboardView,
  prometheus: Pick<Prometheus, 'range' | 'instant'>,
  range: TimeRange,
): Promise<AnsweredPanel[]> {
  const variables = templating.list.map(({ name, allValue }): [string, string] => [name, allValue ?? '']);
  const problems: string[] = [];
  const answered: AnsweredPanel[] = [];
  for (const panel of panels) {
    const series: NamedSeries[] = [];
    for (const target of panel.targets ?? []) {
      const expr = filledIn(target.expr, variables);
      const found = await ask(prometheus, expr, target.instant === true, range).catch((error: unknown) => {
        problems.push(`${panel.title}: ${String(error)}`);
        return null;
      });
      if (found?.every(({ points }) => !points.some(([, value]) => Number.isFinite(value)))) {
        problems.push(`${panel.title}: no data for ${expr}`);
      }
      series.push(...(found ?? []).map((one) => ({ ...one, name: legendOf(target.legendFormat, one.labels) })));
    }
    answered.push({ panel, series });
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return answered;
}

function ask(
  prometheus: Pick<Prometheus, 'range' | 'instant'>,
  expr: string,
  instant: boolean,
  { fromSeconds, toSeconds }: TimeRange,
): Promise<readonly Series[]> {
  if (instant) return prometheus.instant(expr, toSeconds);
  return prometheus.range(expr, fromSeconds, toSeconds, STEP_SECONDS);
}

/** @throws Error where a variable is left. */
export function filledIn(expr: string, variables: readonly (readonly [name: string, value: string])[]): string {
  const all = [['__rate_interval', RATE_INTERVAL] as const, ...variables];
  const text = all.reduce((filled, [name, value]) => filled.replaceAll(`$${name}`, value), expr);
  if (text.includes('$')) throw new Error(`a variable without a value in ${text}`);
  return text;
}

/** Grafana's legend template: `{{label}}` is the label's value, empty where there is none. */
export function legendOf(template: string, labels: Readonly<Record<string, string>>): string {
  if (template === '__auto') {
    const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    return pairs.length === 0 ? '' : `{${pairs.join(', ')}}`;
  }
  return template
    .replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_match, label: string) => labels[label] ?? '')
    .replaceAll(/ +(?=[:\s]|$)/g, '')
    .trim();
}
