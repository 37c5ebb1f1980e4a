// The dashboard as a web page in Grafana's grid.

import type { AnsweredPanel, TimeRange } from './answers.js';
import { inside } from './charts.js';
import { escaped } from './html.js';

export const WIDTH_PX = 1320;
const COLUMNS = 24;
/** Grafana's is 30 and 8; a README is narrower than a wall. */
const UNIT_PX = 26;
const GAP_PX = 6;
const TITLE_PX = 24;
const PADDING_PX = 8;

const STYLE = `
  body { margin: 0; background: #f4f5f5; font: 11px sans-serif; color: #24292e; }
  main { position: relative; width: ${WIDTH_PX}px; }
  section { position: absolute; box-sizing: border-box; background: #fff; border: 1px solid #e3e4e8; border-radius: 3px; padding: 0 ${PADDING_PX}px; overflow: hidden; }
  section.row { background: none; border: none; padding: 0; }
  h1 { font-size: 14px; font-weight: 600; line-height: ${UNIT_PX}px; margin: 0; }
  h2 { font-size: 12px; font-weight: 600; line-height: ${TITLE_PX}px; margin: 0; white-space: nowrap; }
  svg { display: block; }
  .states text { font: 11px sans-serif; fill: #52545c; }
  .stat { display: flex; gap: 16px; justify-content: center; align-items: center; height: 70px; font-size: 26px; font-weight: 600; }
  .stat small { display: block; font-size: 11px; font-weight: 400; }
  .legend { line-height: 16px; overflow: hidden; color: #52545c; }
  .legend span { margin-right: 12px; white-space: nowrap; display: inline-block; }
  .legend i { display: inline-block; width: 12px; height: 3px; margin-right: 4px; vertical-align: middle; }
`;

export function page(panels: readonly AnsweredPanel[], range: TimeRange): string {
  const height = Math.max(...panels.map(({ panel: { gridPos } }) => (gridPos.y + gridPos.h) * (UNIT_PX + GAP_PX)));
  const sections = panels.map((panel) => section(panel, range));
  return `<!doctype html><meta charset="utf-8"><style>${STYLE}</style><main style="height:${height + GAP_PX}px">${sections.join('')}</main>`;
}

function section(answered: AnsweredPanel, range: TimeRange): string {
  const { type, title, gridPos } = answered.panel;
  const column = (WIDTH_PX - GAP_PX) / COLUMNS;
  const box = {
    left: GAP_PX + gridPos.x * column,
    top: GAP_PX + gridPos.y * (UNIT_PX + GAP_PX),
    width: gridPos.w * column - GAP_PX,
    height: gridPos.h * (UNIT_PX + GAP_PX) - GAP_PX,
  };
  const style = Object.entries(box).map(([name, px]) => `${name}:${px.toFixed(1)}px`);
  if (type === 'row') return `<section class="row" style="${style.join(';')}"><h1>${escaped(title)}</h1></section>`;
  const size = {
    width: Math.floor(box.width - 2 * PADDING_PX),
    height: Math.floor(box.height - TITLE_PX - PADDING_PX),
  };
  return `<section style="${style.join(';')}"><h2>${escaped(title)}</h2>${inside(answered, size, range)}</section>`;
}
