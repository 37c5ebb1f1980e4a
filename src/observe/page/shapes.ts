// A shape for every state and result, so that nothing hangs on colour. Drawn, for fonts differ.

import type { CircuitState, Result } from '../../core/reasons.js';
import { svg } from './dom.js';

const DISC = 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Z';
const RING = `${DISC}M8 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8Z`;
const CROSS = 'M4 2.6 8 6.6l4-4L13.4 4l-4 4 4 4-1.4 1.4-4-4-4 4L2.6 12l4-4-4-4Z';
const HALF = `${RING}M8 4a4 4 0 0 1 0 8Z`;
const SQUARE_BAR = 'M2 2h12v12H2ZM4.5 6.7v2.6h7V6.7Z';
const RISING = 'M2 10h3v4H2ZM6.5 6.5h3V14h-3ZM11 3h3v11h-3Z';
const DASHED = 'M2 7h3.2v2H2ZM6.4 7h3.2v2H6.4ZM10.8 7H14v2h-3.2Z';
const TICK = 'M13.6 4.6 6.5 11.9 2.4 7.9l1.4-1.4 2.7 2.6 5.7-5.9Z';
const BARRED = `${RING}M5 7h6v2H5Z`;
const LEAVING = 'M2 7h7.2L6.6 4.4 8 3l5 5-5 5-1.4-1.4L9.2 9H2Z';
const QUESTION = 'M5 6a3 3 0 1 1 4 2.8V10H7V7.4h1A1.4 1.4 0 1 0 6.7 6ZM7 11.5h2v2H7Z';

const STATE: Readonly<Record<CircuitState, string>> = {
  closed: DISC,
  open: CROSS,
  half_open: HALF,
  recovering: RISING,
  forced_open: SQUARE_BAR,
  disabled: DASHED,
};

const RESULT: Readonly<Record<Result, string>> = {
  pending: HALF,
  success: TICK,
  failure: CROSS,
  short_circuited: BARRED,
  refused: BARRED,
  cancelled: LEAVING,
  unknown: QUESTION,
};

/** Hidden from screen readers: the word stands beside it. */
export function shape(): SVGElement {
  const icon = svg('svg', { class: 'shape', viewBox: '0 0 16 16', 'aria-hidden': 'true' });
  icon.append(svg('path', { 'fill-rule': 'evenodd', fill: 'currentColor' }));
  return icon;
}

export function showState(icon: SVGElement, state: CircuitState): void {
  icon.firstElementChild?.setAttribute('d', STATE[state]);
}

export function showResult(icon: SVGElement, result: Result): void {
  icon.firstElementChild?.setAttribute('d', RESULT[result]);
}
