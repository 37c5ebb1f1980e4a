// Names, paths and messages come from Envoy's configuration, from clients and from upstreams. Before one of them
// reaches a metric label, a log line or an answer it passes here, so that it can forge none of them: no control
// character, no invisible or direction-changing one, no half of a character, and a bound on the length.

/** Longest text of others that is kept in a label, a log field or an answer, in UTF-16 code units. */
export const MAX_TEXT_LENGTH = 200;

const ELLIPSIS = '...';

/** Control, format, surrogate, private-use and unassigned characters, and the two odd line ends. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * The text with every unprintable character as `\u{hex}`, cut to `maxLength` code units with `...` at the cut.
 * Plain ASCII that fits comes back as the same string, without an allocation.
 */
export function printable(text: string, maxLength: number = MAX_TEXT_LENGTH): string {
  if (isPlain(text, maxLength)) return text;
  // Escaping never shortens: what lies beyond the bound cannot be needed.
  const clean = cut(text, maxLength + 2).replace(UNPRINTABLE, escaped);
  if (clean.length <= maxLength) return clean;
  return cut(clean, Math.max(0, maxLength - ELLIPSIS.length)) + ELLIPSIS;
}

function isPlain(text: string, maxLength: number): boolean {
  if (text.length > maxLength) return false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || unit > 0x7e) return false;
  }
  return true;
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/** Never between the two halves of one character. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}
