import { describe, expect, it } from 'vitest';
import type { DashboardView, PanelView } from '../../support/dashboard.js';
import type { Series } from '../../support/prometheus.js';
import { answer, filledIn, legendOf, STEP_SECONDS } from './answers.js';

const RANGE = { fromSeconds: 1000, toSeconds: 1010 };

function panel(title: string, expr: string, instant = false): PanelView {
  const targets = [{ refId: 'A', expr, legendFormat: '{{cluster}}', instant }];
  return { id: 1, type: 'timeseries', title, gridPos: { x: 0, y: 0, w: 8, h: 8 }, targets };
}

function dashboard(...panels: PanelView[]): DashboardView {
  const list = [{ name: 'job', type: 'query', query: '', allValue: '.*' }];
  return { uid: 'x', schemaVersion: 1, panels, templating: { list } };
}

const series = (value: number): Series[] => [{ labels: { cluster: 'primary' }, points: [[1000, value]] }];

describe('the answers to a dashboard', () => {
  it('are asked for with the variables filled in, over the range or at its end', async () => {
    const asked: unknown[][] = [];
    const prometheus = {
      range: async (...how: unknown[]) => {
        asked.push(how);
        return series(1);
      },
      instant: async (...how: unknown[]) => {
        asked.push(how);
        return series(2);
      },
    };
    const panels = [panel('rate', 'rate(x{job=~"$job"}[$__rate_interval])'), panel('now', 'x', true)];
    const answered = await answer(dashboard(...panels), prometheus, RANGE);
    expect(asked).toEqual([
      ['rate(x{job=~".*"}[8s])', 1000, 1010, STEP_SECONDS],
      ['x', 1010],
    ]);
    expect(answered.map(({ series: [first] }) => [first?.name, first?.points])).toEqual([
      ['primary', [[1000, 1]]],
      ['primary', [[1000, 2]]],
    ]);
  });

  it('are an error that names every panel without data and every query that fails', async () => {
    const answers: Record<string, () => Series[]> = {
      good: () => series(0),
      none: () => [],
      'not a number': () => series(Number.NaN),
      broken: () => {
        throw new Error('parse error');
      },
    };
    const range = async (expr: string) => answers[expr]?.() ?? [];
    const panels = Object.keys(answers).map((expr) => panel(`of ${expr}`, expr));
    const problems = answer(dashboard(...panels), { range, instant: range }, RANGE);
    await expect(problems).rejects.toThrow(
      'of none: no data for none\nof not a number: no data for not a number\nof broken: Error: parse error',
    );
  });

  it('do not go out with a variable that has no value', () => {
    expect(() => filledIn('x{cluster="$cluster"}', [['job', '.*']])).toThrow('a variable without a value');
  });
});

describe('a legend', () => {
  const labels = { cluster: 'primary', reason: 'dns' };
  it.each([
    ['{{cluster}} {{target}}', 'primary'],
    ['{{cluster}} {{target}}: {{reason}}', 'primary: dns'],
    ['p50 {{cluster}}', 'p50 primary'],
    ['admission', 'admission'],
    ['{{nothing}}', ''],
    ['__auto', '{cluster="primary", reason="dns"}'],
  ])('of %s is %s', (template, text) => {
    expect(legendOf(template, labels)).toBe(text);
  });
});
