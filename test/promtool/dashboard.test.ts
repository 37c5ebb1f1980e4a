// Every query of the dashboard is PromQL: promtool reads them as if each were a recording rule.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dashboardQueries, interpolated } from '../support/dashboard.js';
import { promtool, type Verdict } from '../support/promtool.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-dashboard-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function check(exprs: readonly string[]): Promise<Verdict> {
  const rules = exprs.map((expr, index) => ({ record: `dashboard:query:${index}`, expr }));
  const file = join(directory, 'queries.yaml');
  await writeFile(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
  return promtool(['check', 'rules', '--lint=none', file]);
}

it('the dashboard asks in valid PromQL', async () => {
  const exprs = (await dashboardQueries()).map(([, expr]) => interpolated(expr));
  expect(exprs.length).toBeGreaterThan(40);
  const verdict = await check(exprs);
  expect(verdict.ok, verdict.said).toBe(true);
  expect(verdict.said).toContain(`${exprs.length} rules found`);
});

it('a query that is not PromQL would be noticed', async () => {
  const verdict = await check(['sum by (cluster) rate(sluice_requests_total[5m])']);
  expect(verdict.ok).toBe(false);
});
