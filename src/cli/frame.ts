// One frame of `sluice top`: lines for a terminal of a given size. Pure: what is shown is one value, and how it looks is a
// function of it. State is always said in words, so that nothing hangs on colour.

import type { LiveCircuit } from '../observe/live/messages.js';
import type { RequestJson } from '../observe/records/json.js';
import {
  against,
  duration,
  nameOf,
  percent,
  resultTone,
  retriesOf,
  retriesText,
  type Tone,
  until,
  wayOf,
  whyOf,
} from '../observe/view/format.js';
import { ascii, bar, recent, styleOf } from './parts.js';
import { cut, type Line, plainText, type Size, type Style, span } from './spans.js';

export interface TopView {
  readonly address: string;
  readonly version: string;
  /** Why nothing new comes; null: it does. */
  readonly lost: string | null;
  /** In the order in which they are shown. */
  readonly circuits: readonly LiveCircuit[];
  /** Circuits there are beside those. */
  readonly more: number;
  /** Newest first. */
  readonly requests: readonly RequestJson[];
  /** The server's clock, milliseconds since 1970. */
  readonly nowMs: number;
  /** What can be pressed; '' where nothing can. */
  readonly keys: string;
}

const STATE_WIDTH = 13;
const FIGURES_WIDTH = 18;
const RECENT_WIDTH = 20;
const LEFT_WIDTH = 6;
const RESULT_WIDTH = 16;
const BADGE_WIDTH = 11;
const NAME_WIDTHS = { least: 10, most: 32 };
const STYLE: Readonly<Record<Tone, Style>> = { good: 'good', bad: 'bad', change: 'change', quiet: 'plain' };
/** Lines that requests have at least, however many circuits there are. */
const ROWS_FOR_REQUESTS = 6;

/** At most `size.rows` lines, none wider than `size.columns`; both may be infinite. */
export function frame(view: TopView, size: Size): Line[] {
  const { circuits, requests, more } = view;
  const room = Math.max(0, size.rows - 5);
  const shown = circuits.slice(0, Math.max(1, room - Math.min(ROWS_FOR_REQUESTS, requests.length)));
  const hidden = circuits.length - shown.length + more;
  const width = nameWidth(shown);
  const above = [
    header(view, size.columns),
    [],
    circuitHead(width),
    ...shown.map((circuit) => circuitLine(circuit, width, view.nowMs)),
    ...(hidden === 0 ? [] : [[span(` and ${hidden} more`)]]),
    [],
    [span(' REQUESTS ', 'bold'), span('retried, rerouted, refused or cut short; newest first')],
  ];
  const latest = requests.slice(0, Math.max(0, size.rows - above.length));
  const wayWidth = Math.min(NAME_WIDTHS.most, Math.max(0, ...latest.map((request) => ascii(wayOf(request)).length)));
  const lines = [...above, ...latest.map((request) => requestLine(request, wayWidth))];
  return lines.slice(0, size.rows).map((line) => cut(line, size.columns));
}

function header({ address, version, lost, circuits, more, keys }: TopView, columns: number): Line {
  const open = circuits.filter(({ state }) => state === 'open' || state === 'forced_open').length;
  const left = ` Sluice ${ascii(version)} at ${ascii(address)}   ${circuits.length + more} circuits, ${open} open`;
  const right = `${lost === null ? 'live' : ascii(lost)}${keys === '' ? '' : `   ${keys}`} `;
  const width = Number.isFinite(columns) ? columns - left.length : 0;
  return [span(left + right.padStart(Math.max(right.length + 3, width)), lost === null ? 'inverse' : 'bad')];
}

function nameWidth(circuits: readonly LiveCircuit[]): number {
  const longest = Math.max(0, ...circuits.map((circuit) => ascii(nameOf(circuit)).length));
  return Math.min(NAME_WIDTHS.most, Math.max(NAME_WIDTHS.least, longest)) + 2;
}

function circuitHead(width: number): Line {
  const columns = [
    ' CIRCUIT'.padEnd(width + 1),
    'STATE'.padEnd(STATE_WIDTH),
    'FAILED'.padEnd(10 + FIGURES_WIDTH),
    'LAST RESULTS'.padEnd(RECENT_WIDTH),
    'LEFT'.padStart(LEFT_WIDTH),
    '  NOW',
  ];
  return [span(columns.join(''), 'bold')];
}

function circuitLine(circuit: LiveCircuit, width: number, nowMs: number): Line {
  const { state, requests, budgetRemaining } = circuit;
  const { count, ratio, what } = against(circuit);
  const name = plainText(cut([span(ascii(nameOf(circuit)))], width - 2));
  const figures =
    requests === 0 ? '' : ` ${percent(ratio).padStart(4)} ${count}/${requests}${what === 'slow' ? ' slow' : ''}`;
  return [
    span(` ${name.padEnd(width)}`),
    span(state.padEnd(STATE_WIDTH), styleOf(state)),
    ...bar(ratio),
    span(figures.padEnd(FIGURES_WIDTH)),
    ...recent(circuit.recent, RECENT_WIDTH),
    span(String(budgetRemaining ?? '-').padStart(LEFT_WIDTH)),
    span(`  ${now(circuit, nowMs)}`),
  ];
}

/** Mode where it is not the usual one, the next probe, and the reason of the last change. */
function now({ mode, state, retryAt, reason }: LiveCircuit, nowMs: number): string {
  const left = state === 'open' ? until(retryAt, nowMs) : null;
  const probe = state !== 'open' ? null : left === null ? 'probe is due' : `probe in ${left}`;
  return [mode === 'enforce' ? null : mode, probe, reason].filter((part) => part !== null).join('; ');
}

function requestLine(request: RequestJson, wayWidth: number): Line {
  const { result, status, method, path, durationMs } = request;
  const retries = retriesOf(request);
  return [
    span(` ${request.startedAt.slice(11, 19)} `),
    span(result.padEnd(RESULT_WIDTH), STYLE[resultTone(result)]),
    span(String(status ?? '-').padEnd(4)),
    span((retries === 0 ? '' : retriesText(retries)).padEnd(BADGE_WIDTH), 'bold'),
    span(`${ascii(wayOf(request)).padEnd(wayWidth)}  ${ascii(method)} ${ascii(path)}`),
    span(`  ${[whyOf(request), durationMs === null ? null : duration(durationMs)].filter(Boolean).join('  ')}`),
    span(`  ${ascii(request.id)}`),
  ];
}
