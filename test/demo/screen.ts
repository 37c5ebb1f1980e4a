// The live view as lines of styled text, for a terminal of a given size. Pure: what is shown is one value, and how it
// looks is a function of it. State is always said in words, so that nothing hangs on colour.

import { bar, styleOf } from '../../src/cli/parts.js';
import { cut, type Line, type Size, type Style, span } from '../../src/cli/spans.js';
import type { Snapshot } from './snapshot.js';

export interface Row {
  readonly name: string;
  readonly what: string;
  /** null: no request has been seen yet. */
  readonly circuit: {
    readonly state: string;
    readonly requests: number;
    readonly failures: number;
    readonly failureRatio: number;
    /** Until the next probe may go; null: none is waited for. */
    readonly probeInMs: number | null;
  } | null;
}

export interface View {
  readonly elapsedMs: number;
  /** Where the story is. */
  readonly sentence: string;
  readonly rows: readonly Row[];
  readonly counters: readonly (readonly [name: string, value: number])[];
  /** Oldest first, each without its place in time. */
  readonly events: readonly EventLine[];
  /** Commands to copy. */
  readonly tries: readonly string[];
}

export interface EventLine {
  /** Since the demo started. */
  readonly atMs: number;
  readonly who: string;
  readonly style: Style;
  readonly text: string;
}

const NAME_WIDTH = 11;
const WHAT_WIDTH = 28;
const STATE_WIDTH = 11;
/** Below this many rows the commands to copy make room for events. */
const ROWS_WITH_TRIES = 20;

/** Exactly `size.rows` lines, none wider than `size.columns`. */
export function screen(view: View, size: Size): Line[] {
  const top = [header(view, size.columns), [span(` ${view.sentence}`, 'bold')], [], ...table(view.rows), []];
  const tries = size.rows < ROWS_WITH_TRIES ? [] : [[], ...view.tries.map((text) => [span(` ${text}`)])];
  const counters = [counterLine(view.counters), []];
  const room = Math.max(0, size.rows - top.length - counters.length - tries.length);
  const shown = room === 0 ? [] : view.events.slice(-room);
  const blank = Array.from({ length: room - shown.length }, (): Line => []);
  const lines = [...top, ...counters, ...shown.map(eventLine), ...blank, ...tries];
  return lines.slice(0, size.rows).map((line) => cut(line, size.columns));
}

function header({ elapsedMs }: View, columns: number): Line {
  const left = ' Sluice demo';
  const right = `${clock(elapsedMs)}   Ctrl-C ends it `;
  return [span(left + right.padStart(Math.max(right.length + 1, columns - left.length)), 'inverse')];
}

function table(rows: readonly Row[]): Line[] {
  const head = `${' UPSTREAM'.padEnd(NAME_WIDTH)}${'WHAT IT DOES'.padEnd(WHAT_WIDTH)}${'CIRCUIT'.padEnd(STATE_WIDTH)}FAILED OF LAST`;
  return [[span(head, 'bold')], ...rows.map(row)];
}

function row({ name, what, circuit }: Row): Line {
  const start = span(` ${name}`.padEnd(NAME_WIDTH) + what.padEnd(WHAT_WIDTH));
  if (circuit === null) return [start, span('-')];
  const { state, requests, failures, failureRatio, probeInMs } = circuit;
  const figures = ` ${String(failures).padStart(2)}/${String(requests).padEnd(3)}`;
  const probe = probeInMs === null ? '' : `probe ${(probeInMs / 1000).toFixed(1)} s`;
  return [start, span(state.padEnd(STATE_WIDTH), styleOf(state)), ...bar(failureRatio), span(figures + probe)];
}

function counterLine(counters: View['counters']): Line {
  return counters.flatMap(([name, value]) => [span(` ${name} `), span(`${value} `, 'bold')]);
}

export function eventLine({ atMs, who, style, text }: EventLine): Line {
  return [span(` ${clock(atMs)} `), span(who.padEnd(NAME_WIDTH - 1), style), span(text)];
}

/** `m:ss`. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** The figures of the whole mesh, from /metrics. */
export function counters({ metrics }: Pick<Snapshot, 'metrics'>): View['counters'] {
  return [
    ['requests', metrics.metric('sluice_requests_total')],
    ['retries', metrics.metric('sluice_retries_total', { result: 'granted' })],
    ['saved', metrics.metric('sluice_retries_total', { result: 'saved' })],
    ['refused', metrics.metric('sluice_retries_total', { result: 'refused' })],
    ['rerouted', metrics.metric('sluice_reroutes_total')],
    ['503 by Sluice', metrics.metric('sluice_short_circuits_total')],
  ];
}
