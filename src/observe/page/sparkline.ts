// The last results of a circuit as a strip of bars, the newest at the right: low for a good one, half for a slow one, full
// for a failed one. The figures beside it say the same to those who do not see it.

import { setAttribute, svg } from './dom.js';

const HEIGHT = 16;
const KINDS = ['.', 's', 'x'] as const;
type Kind = (typeof KINDS)[number];
const BAR: Readonly<Record<Kind, { readonly name: string; readonly height: number }>> = {
  '.': { name: 'ok', height: 4 },
  s: { name: 'slow', height: 10 },
  x: { name: 'failed', height: HEIGHT },
};
/** Bars there is room for: steps, so that strips can be compared and do not stretch with every result. */
const ROOMS = [25, 50, 100];
const WIDTH = 100;
/** Of a bar, its gap included. */
const FILLED = 0.72;

export function sparkline(): SVGElement {
  const strip = svg('svg', {
    class: 'spark',
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: 'none',
    'aria-hidden': 'true',
  });
  for (const kind of KINDS) strip.append(svg('path', { class: BAR[kind].name }));
  return strip;
}

export function showResults(strip: SVGElement, recent: string): void {
  const room = ROOMS.find((count) => recent.length <= count) ?? recent.length;
  const step = WIDTH / room;
  KINDS.forEach((kind, index) => {
    const path = strip.children[index];
    if (path !== undefined) setAttribute(path, 'd', bars(recent, kind, step));
  });
}

function bars(recent: string, kind: Kind, step: number): string {
  const { height } = BAR[kind];
  let path = '';
  for (let index = 0; index < recent.length; index++) {
    if (recent[index] !== kind) continue;
    const x = WIDTH - (recent.length - index) * step;
    path += `M${x.toFixed(2)} ${HEIGHT}v-${height}h${(step * FILLED).toFixed(2)}v${height}Z`;
  }
  return path;
}
