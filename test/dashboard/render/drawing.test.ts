import { describe, expect, it } from 'vitest';
import { dashboardFile, type PanelView } from '../../support/dashboard.js';
import { inside } from './charts.js';
import { page } from './draw.js';
import { apart } from './heatmap.js';
import { spans } from './state-timeline.js';
import { inUnit } from './units.js';

const RANGE = { fromSeconds: 100, toSeconds: 110 };
const SIZE = { width: 400, height: 200 };

function panel(type: string, unit: string, defaults: object = {}): PanelView {
  const gridPos = { x: 0, y: 0, w: 8, h: 8 };
  return { id: 1, type, title: `a <${type}>`, gridPos, fieldConfig: { defaults: { unit, ...defaults } } };
}

const series = (name: string, ...points: [number, number][]) => ({ name, labels: {}, points });

describe('a figure', () => {
  it.each([
    [0, 'reqps', '0 req/s'],
    [12.345, 'reqps', '12.3 req/s'],
    [0.5, 'percentunit', '50%'],
    [1, 'percentunit', '100%'],
    [0, 's', '0 s'],
    [0.0123, 's', '12.3 ms'],
    [0.000_04, 's', '40 µs'],
    [90, 's', '1.5 min'],
    [5_400, 's', '1.5 hour'],
    [90 * 86_400, 's', '90 day'],
    [0, 'bytes', '0 B'],
    [0, 'percentunit', '0%'],
    [0, 'short', '0'],
    [3 * 2 ** 20, 'bytes', '3 MiB'],
    [1200, 'short', '1.2 K'],
    [7, 'cps', '7 c/s'],
  ])('%d %s is written %s', (value, unit, text) => {
    expect(inUnit(value, unit)).toBe(text);
  });

  it('of a unit that nobody knows is an error', () => {
    expect(() => inUnit(1, 'reqpss')).toThrow('"reqpss" is no unit');
  });
});

describe('states', () => {
  it('that follow each other and are the same are one bar; a gap ends it', () => {
    const points: [number, number][] = [
      [100, 0],
      [102, 0],
      [104, 4],
      [110, 4],
    ];
    expect(spans(points)).toEqual([
      { from: 100, to: 104, value: 0 },
      { from: 104, to: 106, value: 4 },
      { from: 110, to: 112, value: 4 },
    ]);
  });

  it('are drawn in their colours, and a value without a name is an error', () => {
    const mapped = panel('state-timeline', 'short', { mappings: [{ options: { 4: { text: 'open', color: 'red' } } }] });
    expect(inside({ panel: mapped, series: [series('primary', [100, 4])] }, SIZE, RANGE)).toContain('fill="#e02f44"');
    expect(() => inside({ panel: mapped, series: [series('primary', [100, 5])] }, SIZE, RANGE)).toThrow(
      'no mapping of the value 5 of primary',
    );
  });
});

describe('buckets', () => {
  it('each hold what lies above the bucket below, whatever their order', () => {
    const bucket = (le: string, count: number) => ({ name: le, labels: { le }, points: [[100, count]] as const });
    const found = apart([bucket('+Inf', 10), bucket('0.1', 4), bucket('0.5', 9)]);
    expect(found.map(({ le, counts }) => [le, counts.get(100)])).toEqual([
      [0.1, 4],
      [0.5, 5],
      [Number.POSITIVE_INFINITY, 1],
    ]);
  });
});

describe('a panel', () => {
  it('that is a stat has the colour of its threshold', () => {
    const steps = [
      { color: 'red', value: null },
      { color: 'green', value: 0.99 },
    ];
    const stat = panel('stat', 'percentunit', { thresholds: { steps } });
    const drawn = (value: number) => inside({ panel: stat, series: [series('', [110, value])] }, SIZE, RANGE);
    expect(drawn(1)).toContain('color:#56a64b">100%');
    expect(drawn(0.5)).toContain('color:#e02f44">50%');
  });

  it('with more names than it has room for keeps most of its height for the picture', () => {
    const many = Array.from({ length: 60 }, (_, index) => series(`a cluster of a long name ${index}`, [100, 1]));
    const drawn = inside({ panel: panel('timeseries', 'reqps'), series: many }, SIZE, RANGE);
    expect(Number(/height="(\d+)"/.exec(drawn)?.[1])).toBeGreaterThan(120);
  });

  it('of a type that cannot be drawn is an error', () => {
    expect(() => inside({ panel: panel('piechart', 'short'), series: [] }, SIZE, RANGE)).toThrow('"piechart"');
  });
});

describe('the page', () => {
  it('has every panel of the dashboard, with names as text', async () => {
    const { panels } = await dashboardFile();
    const value = (type: string): [number, number] => [108, type === 'state-timeline' ? 4 : 0.5];
    const answered = panels.map((one) => ({
      panel: one,
      series: one.type === 'row' ? [] : [{ ...series('<b>', value(one.type)), labels: { le: '0.1' } }],
    }));
    const html = page(answered, RANGE);
    for (const { title } of panels) expect(html).toContain(`>${title.replaceAll("'", '&#39;')}<`.replace('&#39;', "'"));
    expect(html).not.toContain('<b>');
  });
});
