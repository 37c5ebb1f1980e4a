// Rules and alerts as far as that needs no Prometheus: they ask for what is exported, tell people what to do, and each has
// its cases. What they do is proven with promtool (test/promtool).

import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { unknownIn } from '../support/exported.js';
import { asked } from '../support/promql.js';
import { alertCases, alerts, RUNBOOK_FILE, recordingRules } from '../support/rules.js';

const ALERTS = await alerts();
const RECORDS = await recordingRules();
const RUNBOOK = await readFile(RUNBOOK_FILE, 'utf8');

/** Anchor -> text of the section, as GitHub makes anchors of one-word headings. */
const SECTIONS = new Map(
  RUNBOOK.split(/^## /m)
    .slice(1)
    .map((section) => [section.split('\n', 1)[0]?.toLowerCase() ?? '', section] as const),
);

const recorded = new Set(RECORDS.map(({ record }) => record));
const isForeign = (metric: string) => recorded.has(metric) || metric.startsWith('envoy_') || metric === 'up';

describe('rules', () => {
  it.each([
    ...RECORDS.map(({ record, expr }) => [record, expr] as const),
    ...ALERTS.map((a) => [a.alert, a.expr] as const),
  ])('%s asks only for metrics, labels and words that exist', (_name, expr) => {
    expect(unknownIn(expr, isForeign)).toEqual([]);
  });

  it.each([
    ['sum(rate(sluice_request_total[5m]))', 'sluice_request_total is not exported'],
    ['sluice_attempt_duration_seconds', 'sluice_attempt_duration_seconds is not exported'],
    ['sum by (host) (sluice_requests_total)', 'sluice_requests_total has no label host'],
    ['sluice_requests_total{reason="x"}', 'sluice_requests_total has no label reason'],
    ['sluice_requests_total{decision="shorted"}', 'sluice_requests_total: decision is never shorted'],
    ['sluice_sessions{target="x"}', 'sluice_sessions has no label target'],
  ])('would be caught asking for what does not exist: %s', (expr, problem) => {
    expect(unknownIn(expr, isForeign)).toEqual([problem]);
  });

  it('record nothing that no other rule uses', () => {
    const used = new Set([...RECORDS, ...ALERTS].flatMap(({ expr }) => [...asked(expr).metrics.keys()]));
    expect([...recorded].filter((name) => !used.has(name))).toEqual([]);
  });

  it('are named once each', () => {
    const names = ALERTS.map(({ alert }) => alert);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(12);
  });
});

describe.each(ALERTS.map((alert) => [alert.alert, alert] as const))('%s', (name, { labels, annotations }) => {
  it('says how urgent it is', () => {
    expect(['critical', 'warning']).toContain(labels.severity);
  });

  it('says what is wrong, with figures, in whole sentences', () => {
    expect(annotations.summary).toMatch(/^[A-Z{].{15,}[^.]$/s);
    expect(annotations.description).toMatch(/^[A-Z{].{60,}\.$/s);
    expect(annotations.description).toContain('{{ $value');
  });

  it('has a runbook where it says, with what it means, what to look at and what to do', () => {
    const [path, anchor = ''] = (annotations.runbook_url ?? '').split('#');
    expect([path, anchor]).toEqual(['deploy/prometheus/README.md', name.toLowerCase()]);
    const section = SECTIONS.get(anchor);
    for (const part of ['**Means:**', '**Look at:**', '**Do:**']) expect(section).toContain(part);
  });

  it('has a case in which it fires, and one in which it must not', async () => {
    const cases = (await alertCases()).filter(({ alertname }) => alertname === name);
    expect(cases.filter(({ exp_alerts }) => exp_alerts.length > 0).length).toBeGreaterThan(0);
    expect(cases.filter(({ exp_alerts }) => exp_alerts.length === 0).length).toBeGreaterThan(0);
  });
});

describe('the runbook', () => {
  it('has no section of an alert that is gone', () => {
    const names = new Set(ALERTS.map(({ alert }) => alert.toLowerCase()));
    expect([...SECTIONS.keys()].filter((anchor) => anchor.startsWith('sluice') && !names.has(anchor))).toEqual([]);
  });

  it('links only to sections that it has', () => {
    const anchors = [...RUNBOOK.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);
    expect(anchors.filter((anchor) => !SECTIONS.has(anchor ?? ''))).toEqual([]);
  });
});
