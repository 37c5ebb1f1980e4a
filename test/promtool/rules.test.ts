// Prometheus' own verdict on the rules, and proof that their cases notice an alert that never or always fires.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { promtool } from '../support/promtool.js';
import { alerts, CASE_FILES, RULES_FILE, RUNBOOK_FILE } from '../support/rules.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-rules-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('deploy/prometheus', () => {
  it('has rules that Prometheus takes', async () => {
    const verdict = await promtool(['check', 'rules', '--lint=all', '--lint-fatal', RULES_FILE]);
    expect(verdict.ok, verdict.said).toBe(true);
  });

  it('has alerts that fire, and do not fire, as their cases say', async () => {
    const verdict = await promtool(['test', 'rules', ...CASE_FILES]);
    expect(verdict.ok, verdict.said).toBe(true);
  });

  it('shows a configuration that Prometheus takes', async () => {
    const [, yaml] = /```yaml\n(# prometheus.yaml\n[^`]*)```/.exec(await readFile(RUNBOOK_FILE, 'utf8')) ?? [];
    await writeFile(join(directory, 'prometheus.yaml'), yaml ?? 'none: found');
    await writeFile(join(directory, 'rules.yaml'), await readFile(RULES_FILE));
    const verdict = await promtool(['check', 'config', join(directory, 'prometheus.yaml')]);
    expect(verdict.ok, verdict.said).toBe(true);
  });
});

describe('the cases', () => {
  /** What promtool says where every alert has `expr` and fires at once; without the records. */
  async function withEvery(expr: (alert: string) => string): Promise<string> {
    const rules = (await alerts()).map(({ alert }) => ({ alert, expr: expr(alert) }));
    await writeFile(join(directory, 'rules.yaml'), JSON.stringify({ groups: [{ name: 'broken', rules }] }));
    const cases = CASE_FILES.map((file) => join(directory, basename(file)));
    for (const file of CASE_FILES) await writeFile(join(directory, basename(file)), await readFile(file));
    const verdict = await promtool(['test', 'rules', ...cases]);
    expect(verdict.ok).toBe(false);
    return verdict.said;
  }

  it('notice every alert that never fires', async () => {
    const said = await withEvery(() => 'vector(1) < 0');
    for (const { alert } of await alerts()) expect(said).toContain(`alertname: ${alert},`);
  });

  it('notice every alert that always fires', async () => {
    const said = await withEvery(() => 'vector(1)');
    for (const { alert } of await alerts()) {
      expect(said).toMatch(new RegExp(`alertname: ${alert}, time: \\S+,\\s+exp:\\[\\s*\\],?`));
    }
  });
});
