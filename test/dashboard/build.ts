// The whole dashboard in Grafana's JSON model: rows one below the other, panels from left to right, ids in order.

import { type Panel, type Place, panelJson, type Row, sizeOf } from './panel.js';
import { ROWS } from './rows.js';
import { variables } from './variables.js';

const COLUMNS = 24;
/** Of Grafana 10; newer ones migrate it. */
const SCHEMA_VERSION = 39;

export function dashboard(): object {
  return {
    uid: 'sluice',
    title: 'Sluice',
    description: 'Circuits, retries and the sidecar itself. Alerts and what to do about them: deploy/prometheus.',
    tags: ['sluice', 'envoy'],
    schemaVersion: SCHEMA_VERSION,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    timezone: 'browser',
    templating: { list: variables() },
    annotations: { list: [] },
    links: [],
    panels: new Layout().of(ROWS),
  };
}

export function dashboardText(): string {
  return `${JSON.stringify(dashboard(), null, 2)}\n`;
}

class Layout {
  #id = 0;
  #y = 0;

  of(rows: readonly Row[]): object[] {
    return rows.flatMap((row) => [this.#rowJson(row), ...this.#panelsOf(row)]);
  }

  #rowJson({ title }: Row): object {
    const gridPos = { x: 0, y: this.#y++, w: COLUMNS, h: 1 };
    return { id: ++this.#id, type: 'row', title, collapsed: false, gridPos, panels: [] };
  }

  #panelsOf({ panels }: Row): object[] {
    let x = 0;
    let height = 0;
    const placed = panels.map((panel): [Panel, Place] => {
      const { w, h } = sizeOf(panel);
      if (x + w > COLUMNS) {
        this.#y += height;
        x = 0;
        height = 0;
      }
      const place = { x, y: this.#y, w, h };
      x += w;
      height = Math.max(height, h);
      return [panel, place];
    });
    this.#y += height;
    return placed.map(([panel, place]) => panelJson(panel, ++this.#id, place));
  }
}
