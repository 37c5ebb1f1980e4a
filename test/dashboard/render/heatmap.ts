// How many values fell into which bucket of a histogram when. Prometheus' buckets each hold those below; Grafana, told that
// the format is `heatmap`, takes them apart, and so does this.

import { renderSvg } from '../../bench/support/svg.mjs';
import type { PanelView } from '../../support/dashboard.js';
import type { NamedSeries } from './answers.js';
import { type Size, TEXT, unitOf } from './charts.js';
import { inUnit } from './units.js';

export function heatmap(panel: PanelView, series: readonly NamedSeries[], size: Size): string {
  const unit = unitOf(panel);
  const buckets = apart(series);
  const times = [...new Set(buckets.flatMap(({ counts }) => [...counts.keys()]))].sort((a, b) => a - b);
  const cells = buckets.flatMap(({ counts }, row) =>
    times.flatMap((time, column) => {
      const count = counts.get(time) ?? 0;
      return count > 0 ? [[column, row, Number(count.toFixed(2))]] : [];
    }),
  );
  const most = Math.max(1, ...cells.map(([, , count]) => count ?? 0));
  return renderSvg(
    {
      textStyle: TEXT,
      grid: { left: 62, right: 10, top: 8, bottom: 22 },
      xAxis: {
        type: 'category',
        data: times.map((time) => new Date(time * 1000).toISOString().slice(11, 19)),
        axisLabel: { ...TEXT, interval: Math.floor(times.length / 6) },
        axisTick: { show: false },
        axisLine: { show: false },
      },
      yAxis: {
        type: 'category',
        data: buckets.map(({ le }) => (Number.isFinite(le) ? inUnit(le, unit) : '+Inf')),
        axisLabel: TEXT,
        axisTick: { show: false },
        axisLine: { show: false },
      },
      visualMap: { show: false, min: 0, max: most, inRange: { color: ['#fff5eb', '#fdae6b', '#f16913', '#7f2704'] } },
      series: [{ type: 'heatmap', data: cells }],
    },
    size,
  );
}

interface Bucket {
  /** Its upper end. */
  readonly le: number;
  /** By time, in seconds. */
  readonly counts: ReadonlyMap<number, number>;
}

/** Each bucket less the one below it, from the lowest to the highest. */
export function apart(series: readonly NamedSeries[]): Bucket[] {
  const cumulative = series
    .map(({ labels, points }) => ({ le: upperEnd(labels.le), points: new Map(points) }))
    .sort((a, b) => a.le - b.le);
  return cumulative.map(({ le, points }, index) => {
    const below = cumulative[index - 1]?.points;
    return { le, counts: new Map([...points].map(([at, value]) => [at, Math.max(0, value - (below?.get(at) ?? 0))])) };
  });
}

function upperEnd(le: string | undefined): number {
  return le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le);
}
