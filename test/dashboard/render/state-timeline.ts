// Which state each series was in, as bars along the time: ECharts has no such chart, and its SVG is a few rectangles.

import type { PanelView } from '../../support/dashboard.js';
import { type NamedSeries, STEP_SECONDS, type TimeRange } from './answers.js';
import type { Size } from './charts.js';
import { colourNamed } from './colours.js';
import { escaped } from './html.js';

const LABEL_PX = 110;
const LEGEND_PX = 18;

export function stateTimeline(
  panel: PanelView,
  series: readonly NamedSeries[],
  { width, height }: Size,
  { fromSeconds, toSeconds }: TimeRange,
): string {
  const states = panel.fieldConfig?.defaults.mappings?.[0]?.options ?? {};
  const rowPx = (height - LEGEND_PX) / Math.max(1, series.length);
  const x = (seconds: number) => LABEL_PX + ((width - LABEL_PX) * (seconds - fromSeconds)) / (toSeconds - fromSeconds);
  const rows = series.map(({ name, points }, index) => {
    const y = index * rowPx;
    const bars = spans(points).map(({ from, to, value }) => {
      const state = states[String(value)];
      if (state === undefined) throw new Error(`${panel.title}: no mapping of the value ${value} of ${name}`);
      const box = `x="${x(from).toFixed(1)}" y="${(y + 1).toFixed(1)}" width="${(x(to) - x(from)).toFixed(1)}"`;
      return `<rect ${box} height="${(rowPx * 0.9 - 1).toFixed(1)}" fill="${colourNamed(state.color)}" fill-opacity="0.75"/>`;
    });
    return `<text x="0" y="${(y + rowPx / 2 + 3).toFixed(1)}">${escaped(name)}</text>${bars.join('')}`;
  });
  const legend = Object.values(states).map(
    ({ text, color }) => `<span><i style="background:${colourNamed(color)}"></i>${escaped(text)}</span>`,
  );
  const svg = `<svg class="states" width="${width}" height="${height - LEGEND_PX}">${rows.join('')}</svg>`;
  return `${svg}<div class="legend">${legend.join('')}</div>`;
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly value: number;
}

/** Equal values side by side are one. */
export function spans(points: NamedSeries['points']): Span[] {
  const all: Span[] = [];
  for (const [at, value] of points) {
    const last = all.at(-1);
    const to = at + STEP_SECONDS;
    if (last !== undefined && last.value === value && at <= last.to) all[all.length - 1] = { ...last, to };
    else all.push({ from: at, to, value });
  }
  return all;
}
