// deploy/grafana/sluice.json, as far as it is looked at.

import { readFile } from 'node:fs/promises';

export const DASHBOARD_FILE = new URL('../../deploy/grafana/sluice.json', import.meta.url);

export interface PanelView {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly TargetView[];
  readonly options?: Readonly<Record<string, unknown>>;
  readonly fieldConfig?: { readonly defaults: FieldView };
}

export interface TargetView {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
  /** A value of the moment, and not a curve. */
  readonly instant?: boolean;
}

export interface FieldView {
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly custom?: { readonly stacking?: { readonly mode: string }; readonly fillOpacity?: number };
  readonly mappings?: readonly { readonly options: Readonly<Record<string, { text: string; color: string }>> }[];
  readonly thresholds?: { readonly steps: readonly { readonly color: string; readonly value: number | null }[] };
}

export interface DashboardView {
  readonly uid: string;
  readonly schemaVersion: number;
  readonly panels: readonly PanelView[];
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly type: string;
      readonly query: unknown;
      /** What stands for all values. */
      readonly allValue?: string;
    }[];
  };
}

export async function dashboardFile(): Promise<DashboardView> {
  return JSON.parse(await readFile(DASHBOARD_FILE, 'utf8')) as DashboardView;
}

/** Every expression of every panel, with the title of its panel. */
export async function dashboardQueries(): Promise<readonly (readonly [title: string, expr: string])[]> {
  const { panels } = await dashboardFile();
  return panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const));
}

/** As Grafana would send it: variables replaced. */
export function interpolated(expr: string): string {
  return expr
    .replaceAll('$__rate_interval', '1m')
    .replaceAll('$job', 'sluice')
    .replaceAll('$cluster', 'primary|secondary');
}
