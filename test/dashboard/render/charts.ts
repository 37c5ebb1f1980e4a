// The inside of a panel as SVG or HTML, by its type. What Grafana's model says about it (unit, stacking, mappings,
// thresholds) is read from the dashboard's file, so that a mistake there is seen.

import { renderSvg } from '../../bench/support/svg.mjs';
import type { PanelView } from '../../support/dashboard.js';
import { type AnsweredPanel, type NamedSeries, STEP_SECONDS, type TimeRange } from './answers.js';
import { colourNamed, colourOf } from './colours.js';
import { heatmap } from './heatmap.js';
import { escaped } from './html.js';
import { stateTimeline } from './state-timeline.js';
import { inUnit } from './units.js';

export interface Size {
  readonly width: number;
  readonly height: number;
}

export const TEXT = { color: '#52545c', fontSize: 11, fontFamily: 'sans-serif' } as const;

/** @throws Error for a type of panel that the dashboard did not use before. */
export function inside({ panel, series }: AnsweredPanel, size: Size, range: TimeRange): string {
  switch (panel.type) {
    case 'stat':
      return stat(panel, series);
    case 'timeseries':
      return timeseries(panel, series, size, range);
    case 'state-timeline':
      return stateTimeline(panel, series, size, range);
    case 'heatmap':
      return heatmap(panel, series, size);
    default:
      throw new Error(`panels of type ${JSON.stringify(panel.type)} cannot be drawn`);
  }
}

export function unitOf({ title, fieldConfig }: PanelView): string {
  const unit = fieldConfig?.defaults.unit;
  if (unit === undefined) throw new Error(`the panel ${title} has no unit`);
  return unit;
}

function stat(panel: PanelView, series: readonly NamedSeries[]): string {
  const values = series.map(({ name, points }) => {
    const value = points.at(-1)?.[1] ?? Number.NaN;
    const label = series.length > 1 ? `<small>${escaped(name)}</small>` : '';
    return `<div style="color:${thresholdColour(panel, value)}">${label}${inUnit(value, unitOf(panel))}</div>`;
  });
  return `<div class="stat">${values.join('')}</div>`;
}

function thresholdColour({ fieldConfig }: PanelView, value: number): string {
  const steps = fieldConfig?.defaults.thresholds?.steps ?? [];
  const reached = steps.filter(({ value: from }) => from === null || value >= from).at(-1);
  return colourNamed(reached?.color ?? 'green');
}

const LEGEND_LINE_PX = 16;
/** Grafana gives the legend no more of a panel; the rest of it scrolls. */
const LEGEND_SHARE = 0.35;

function timeseries(panel: PanelView, series: readonly NamedSeries[], size: Size, range: TimeRange): string {
  const unit = unitOf(panel);
  const legend = series.map(
    ({ name }, index) => `<span><i style="background:${colourOf(index)}"></i>${escaped(name)}</span>`,
  );
  const wanted = legendLines(series, size.width) * LEGEND_LINE_PX;
  const legendPx = Math.min(wanted, Math.floor((LEGEND_SHARE * size.height) / LEGEND_LINE_PX) * LEGEND_LINE_PX);
  const svg = renderSvg(
    {
      textStyle: TEXT,
      grid: { left: 62, right: 10, top: 8, bottom: 22 },
      xAxis: timeAxis(range),
      yAxis: valueAxis(panel, unit),
      series: series.map((one, index) => lineOf(panel, one, index)),
    },
    { width: size.width, height: size.height - legendPx },
  );
  return `${svg}<div class="legend" style="height:${legendPx}px">${legend.join('')}</div>`;
}

/** About: the browser sets them. */
function legendLines(series: readonly NamedSeries[], width: number): number {
  const widths = series.map(({ name }) => 26 + 6.2 * name.length);
  return Math.max(1, Math.ceil(widths.reduce((sum, each) => sum + each, 0) / (width * 0.9)));
}

export function timeAxis({ fromSeconds, toSeconds }: TimeRange): object {
  return {
    type: 'time',
    min: fromSeconds * 1000,
    max: toSeconds * 1000,
    axisLabel: { ...TEXT, hideOverlap: true, formatter: '{HH}:{mm}:{ss}' },
    axisTick: { show: false },
    axisLine: { show: false },
    splitLine: { show: true, lineStyle: { color: '#ededf0' } },
  };
}

function valueAxis({ fieldConfig }: PanelView, unit: string): object {
  const min = fieldConfig?.defaults.min;
  return {
    type: 'value',
    ...(min === undefined ? {} : { min }),
    // No share is above one, however round a number lies there.
    ...(unit === 'percentunit' ? { max: ({ max }: { max: number }) => (max > 0.8 && max <= 1 ? 1 : null) } : {}),
    splitNumber: 4,
    axisLabel: { ...TEXT, formatter: (value: number) => inUnit(value, unit) },
    splitLine: { lineStyle: { color: '#ededf0' } },
  };
}

function lineOf({ fieldConfig }: PanelView, { name, points }: NamedSeries, index: number): object {
  const { stacking, fillOpacity = 0 } = fieldConfig?.defaults.custom ?? {};
  return {
    type: 'line',
    name: `${name}#${index}`,
    showSymbol: points.length < 2,
    ...(stacking?.mode === 'normal' ? { stack: 'all', stackStrategy: 'all' } : {}),
    lineStyle: { width: 1.2 },
    areaStyle: { opacity: fillOpacity / 100 },
    itemStyle: { color: colourOf(index) },
    data: withGaps(points),
  };
}

/** A step without a value is a gap, as Grafana draws it: Prometheus leaves such points out. */
function withGaps(points: NamedSeries['points']): (readonly [number, number | null])[] {
  return points.flatMap(([at, value], index): (readonly [number, number | null])[] => {
    const before = points[index - 1];
    const gap = before !== undefined && at - before[0] > 1.5 * STEP_SECONDS;
    const here = [at * 1000, Number.isFinite(value) ? value : null] as const;
    return gap ? [[(at - STEP_SECONDS) * 1000, null], here] : [here];
  });
}
