// What the soak found, for people: a verdict on the memory, and a plot of it.

import { renderSvg } from '../bench/support/svg.mjs';
import type { Memory } from './memory.js';
import { afterWarmUp, isFlat, type Sample, trendOf } from './trend.js';

const MIB = 1024 * 1024;
/** Allocators round, caches fill: below this, a rise says nothing. */
const FREE = { heap: 3 * MIB, resident: 24 * MIB };
const SHARE = 0.1;

export interface Verdict {
  readonly text: string;
  readonly ok: boolean;
}

export function verdicts({ heap, resident }: Memory): Verdict[] {
  return [verdict('heap', heap, FREE.heap), verdict('resident', resident, FREE.resident)];
}

function verdict(name: string, samples: readonly Sample[], freeBytes: number): Verdict {
  const measured = afterWarmUp(samples);
  const trend = trendOf(measured);
  if (trend === null) return { text: `${name}: ${samples.length} samples are too few to tell`, ok: false };
  const ok = isFlat(trend, SHARE, freeBytes);
  const spanS = (measured.at(-1)?.atS ?? 0) - (measured[0]?.atS ?? 0);
  const mib = (bytes: number) => `${(bytes / MIB).toFixed(1)} MiB`;
  const text = `${name}: from ${mib(trend.firstBytes)}, ${mib(trend.riseBytes)} more in ${spanS.toFixed(0)} s after warm-up`;
  return { text: `${text}: ${ok ? 'flat' : 'it grows'}`, ok };
}

export function plot({ heap, resident }: Memory): string {
  const line = (name: string, samples: readonly Sample[]) => ({
    type: 'line',
    name,
    showSymbol: false,
    data: samples.map(({ atS, bytes }) => [atS / 60, bytes / MIB]),
  });
  return renderSvg(
    {
      backgroundColor: '#ffffff',
      title: { text: 'Memory of Sluice under faults, MiB', left: 12, top: 8 },
      legend: { top: 36, left: 12 },
      grid: { left: 60, right: 24, top: 76, bottom: 48 },
      xAxis: { type: 'value', name: 'minutes', nameLocation: 'middle', nameGap: 28 },
      yAxis: { type: 'value', min: 0 },
      series: [line('resident', resident), line('heap, after collection', heap)],
    },
    { width: 900, height: 400 },
  );
}
