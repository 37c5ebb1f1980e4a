// What lines of live views are made of, here and in the demo: bars, strips of results, names that are safe to print.

import { printable } from '../observe/printable.js';
import { type Span, type Style, span } from './spans.js';

const BAR_WIDTH = 10;

/** A share, 0 to 1, ten columns wide. */
export function bar(ratio: number): Span[] {
  const full = Math.round(Math.min(1, Math.max(0, ratio)) * BAR_WIDTH);
  return [span('#'.repeat(full), 'bad'), span('.'.repeat(BAR_WIDTH - full))];
}

/** The newest results at the right, `width` columns: `.` good, `s` slow, `x` failed. */
export function recent(results: string, width: number): Span[] {
  const text = results.slice(-width).padStart(width);
  const spans: Span[] = [];
  for (let from = 0; from < text.length; ) {
    let to = from + 1;
    while (text[to] === text[from]) to++;
    spans.push(span(text.slice(from, to), STYLE_OF_RESULT[text[from] ?? ''] ?? 'plain'));
    from = to;
  }
  return spans;
}

const STYLE_OF_RESULT: Readonly<Record<string, Style>> = { x: 'bad', s: 'change' };

export function styleOf(state: string): Style {
  if (state === 'closed') return 'good';
  return state === 'open' || state === 'forced_open' ? 'bad' : 'change';
}

/** Text of others, one column for each character: what a terminal may draw wider, or act upon, is replaced. */
export function ascii(text: string): string {
  return printable(text).replace(/[^\x20-\x7e]/g, '?');
}
