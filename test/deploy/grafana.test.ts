// The dashboard: every query asks for what is exported, every panel explains itself, and the file is the one that its
// description makes. That the queries are valid PromQL is proven with promtool (test/promtool).

import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { METRICS } from '../../src/observe/metrics/catalogue.js';
import { Metrics } from '../../src/observe/metrics.js';
import { dashboardText } from '../dashboard/build.js';
import { parseScrape } from '../observe/support.js';
import { DASHBOARD_FILE, dashboardFile, dashboardQueries } from '../support/dashboard.js';
import { unknownIn } from '../support/exported.js';
import { asked } from '../support/promql.js';

const DASHBOARD = await dashboardFile();
const QUERIES = await dashboardQueries();
const PANELS = DASHBOARD.panels.filter(({ type }) => type !== 'row');
/** Of the Node process, by what it exports now. */
const PROCESS = new Set(
  parseScrape(await new Metrics({ version: '1.2.3' }).scrape())
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('sluice_')),
);
const isForeign = (metric: string) => PROCESS.has(metric) || metric.startsWith('envoy_');

describe('the dashboard', () => {
  it('is what its description makes (npm run dashboard)', async () => {
    expect(await readFile(DASHBOARD_FILE, 'utf8')).toBe(dashboardText());
  });

  it('lets people choose the data source, the job and the cluster', () => {
    expect(DASHBOARD.templating.list.map(({ name, type }) => [name, type])).toEqual([
      ['datasource', 'datasource'],
      ['job', 'query'],
      ['cluster', 'query'],
    ]);
  });

  it('has ids and titles that are not given twice', () => {
    for (const key of ['id', 'title'] as const) {
      const all = DASHBOARD.panels.map((panel) => panel[key]);
      expect(new Set(all).size).toBe(all.length);
    }
  });

  it('has no panel on top of another, and none beyond the edge', () => {
    const cells = DASHBOARD.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, n) => `${x + (n % w)},${y + Math.floor(n / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { gridPos } of DASHBOARD.panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
  });

  it('shows every metric of the catalogue but those about its own watchers', () => {
    const shown = new Set(QUERIES.flatMap(([, expr]) => [...asked(expr).metrics.keys()]));
    const missing = Object.keys(METRICS).filter((name) => !shown.has(name) && !shown.has(`${name}_bucket`));
    expect(missing.filter((name) => !name.startsWith('sluice_watchers'))).toEqual([]);
  });
});

describe.each(PANELS.map((panel) => [panel.title, panel] as const))('the panel "%s"', (_title, panel) => {
  it('has a description, a unit and the data source that was chosen', () => {
    expect(panel.description).toMatch(/^.{25,}\.$/s);
    expect(panel.fieldConfig?.defaults.unit).toMatch(/^\w+$/);
    expect(panel.datasource?.uid).toBe('$datasource');
  });

  it('asks only for metrics, labels and words that exist', () => {
    const queries = panel.targets ?? [];
    expect(queries.length).toBeGreaterThan(0);
    expect(queries.flatMap(({ expr }) => unknownIn(expr, isForeign))).toEqual([]);
  });

  it('names only labels in its legends that the query keeps', () => {
    for (const { expr, legendFormat } of panel.targets ?? []) {
      const kept = new Set([...asked(expr).metrics.values()].flatMap((labels) => [...labels]));
      const named = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label ?? '');
      expect(named.filter((label) => !kept.has(label))).toEqual([]);
    }
  });

  it('obeys the choice of the job, where it asks Sluice', () => {
    for (const { expr } of panel.targets ?? []) {
      for (const [metric, labels] of asked(expr).metrics) {
        if (!metric.startsWith('envoy_')) expect([metric, labels.has('job')]).toEqual([metric, true]);
      }
    }
  });
});
