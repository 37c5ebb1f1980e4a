// What a panel of the dashboard is, in the few words in which they differ, and Grafana's JSON model of it.

import { DATASOURCE } from './variables.js';

export interface Query {
  readonly expr: string;
  /** Grafana's legend template: `{{label}}`. */
  readonly legend?: string;
}

export interface Panel {
  readonly type: 'stat' | 'timeseries' | 'state-timeline' | 'heatmap';
  readonly title: string;
  /** What it shows, and what a bad picture looks like. */
  readonly description: string;
  /** Grafana's id of a unit: `reqps`, `percentunit`, `s`, `bytes`, `short` for a plain number. */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Of 24 columns. Default: 8; a stat has 4. */
  readonly width?: number;
  /** Series on top of each other. Default: false. */
  readonly stacked?: boolean;
  /** Values by name and colour. */
  readonly mappings?: readonly { readonly value: number; readonly text: string; readonly color: string }[];
  /** From where on a stat turns orange and red; the other way round if red is the lower one. */
  readonly thresholds?: { readonly orange: number; readonly red: number };
  /** Shows the requests behind the figures. Default: false. */
  readonly exemplars?: boolean;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export function sizeOf(panel: Panel): Pick<Place, 'w' | 'h'> {
  return panel.type === 'stat' ? { w: panel.width ?? 4, h: 4 } : { w: panel.width ?? 8, h: 8 };
}

export function panelJson(panel: Panel, id: number, gridPos: Place): object {
  const { type, title, description } = panel;
  return {
    id,
    type,
    title,
    description,
    gridPos,
    datasource: DATASOURCE,
    targets: panel.queries.map((query, index) => targetJson(panel, query, index)),
    fieldConfig: { defaults: defaultsJson(panel), overrides: [] },
    options: optionsJson(panel),
  };
}

function targetJson(panel: Panel, { expr, legend }: Query, index: number): object {
  return {
    refId: String.fromCharCode('A'.charCodeAt(0) + index),
    datasource: DATASOURCE,
    expr,
    legendFormat: panel.type === 'heatmap' ? '{{le}}' : (legend ?? '__auto'),
    format: panel.type === 'heatmap' ? 'heatmap' : 'time_series',
    instant: panel.type === 'stat',
    range: panel.type !== 'stat',
    exemplar: panel.exemplars ?? false,
  };
}

function defaultsJson({ unit, type, stacked, mappings, thresholds }: Panel): object {
  return {
    unit,
    ...(type === 'timeseries' ? { min: 0, custom: customJson(stacked ?? false) } : {}),
    ...(mappings === undefined ? {} : { mappings: [{ type: 'value', options: mappingOptions(mappings) }] }),
    ...(thresholds === undefined ? {} : { color: { mode: 'thresholds' }, thresholds: thresholdsJson(thresholds) }),
  };
}

function customJson(stacked: boolean): object {
  const lines = { drawStyle: 'line', lineWidth: 1, showPoints: 'never', spanNulls: false };
  return { ...lines, fillOpacity: stacked ? 30 : 10, stacking: { mode: stacked ? 'normal' : 'none', group: 'A' } };
}

function mappingOptions(mappings: NonNullable<Panel['mappings']>): object {
  return Object.fromEntries(mappings.map(({ value, text, color }, index) => [value, { text, color, index }]));
}

function thresholdsJson({ orange, red }: NonNullable<Panel['thresholds']>): object {
  const rising = red >= orange;
  const steps = rising
    ? [step('green', null), step('orange', orange), step('red', red)]
    : [step('red', null), step('orange', red), step('green', orange)];
  return { mode: 'absolute', steps };
}

function step(color: string, value: number | null): object {
  return { color, value };
}

function optionsJson({ type, unit }: Panel): object {
  switch (type) {
    case 'stat':
      return {
        colorMode: 'value',
        graphMode: 'none',
        reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      };
    case 'timeseries':
      return {
        legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
        tooltip: { mode: 'multi', sort: 'desc' },
      };
    case 'state-timeline':
      return {
        mergeValues: true,
        showValue: 'never',
        rowHeight: 0.9,
        legend: { displayMode: 'list', placement: 'bottom' },
      };
    case 'heatmap':
      return {
        calculate: false,
        yAxis: { unit },
        color: { mode: 'scheme', scheme: 'Oranges', steps: 64 },
        exemplars: { color: 'red' },
      };
    default:
      return type satisfies never;
  }
}
