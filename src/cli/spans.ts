// Styled text that knows its width, so that a line can be cut to the terminal without cutting an escape sequence.

export type Style = 'plain' | 'bold' | 'inverse' | 'good' | 'bad' | 'change';

export interface Span {
  readonly text: string;
  readonly style: Style;
}

export type Line = readonly Span[];

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Colours of the palette that hold on light and on dark backgrounds; never white, black, yellow or cyan. */
const CODE: Readonly<Record<Style, string>> = {
  plain: '',
  bold: '1',
  inverse: '7',
  good: '32',
  bad: '31',
  change: '35',
};
const COLOURS: ReadonlySet<Style> = new Set<Style>(['good', 'bad', 'change']);

export function span(text: string, style: Style = 'plain'): Span {
  return { text, style };
}

export function plainText(line: Line): string {
  return line.map(({ text }) => text).join('');
}

/** At most `columns` wide; what is cut off ends in `..`. Every character is one column wide: all text is ASCII. */
export function cut(line: Line, columns: number): Line {
  if (plainText(line).length <= columns) return line;
  const spans: Span[] = [];
  let room = Math.max(0, columns - 2);
  for (const { text, style } of line) {
    if (room === 0) break;
    spans.push({ text: text.slice(0, room), style });
    room -= Math.min(room, text.length);
  }
  return [...spans, span('..'.slice(0, columns))];
}

/** With escape sequences; `colour` false (NO_COLOR) leaves bold and inverse. */
export function ansi(line: Line, colour: boolean): string {
  return line
    .map(({ text, style }) => {
      const code = !colour && COLOURS.has(style) ? '' : CODE[style];
      return code === '' ? text : `\u001b[${code}m${text}\u001b[0m`;
    })
    .join('');
}
