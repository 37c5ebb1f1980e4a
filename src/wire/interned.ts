// Short texts that come again and again: methods, statuses, names of clusters and routes, addresses. Making a string of
// bytes costs more than finding the one that was made of the same bytes before, and a string that was looked up in a map
// before is found there faster than an equal one. What does not come again pushes others out, and costs what it would anyway.

/** A power of two. At most so many texts are kept. */
const SLOTS = 4_096;
/** Of a text that is kept. */
const MAX_BYTES = 96;

const kept: string[] = new Array<string>(SLOTS).fill('');

function same(text: string, bytes: Buffer, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let at = start; at < end; at++) {
    if (text.charCodeAt(at - start) !== bytes[at]) return false;
  }
  return true;
}

function make(bytes: Buffer, start: number, end: number, encoding: 'latin1' | 'utf8', slot: number): string {
  const text = bytes.toString(encoding, start, end);
  kept[slot] = text;
  return text;
}

/** The bytes as text. Only what is all ASCII is kept: of that both encodings make the same. */
function interned(bytes: Buffer, start: number, end: number, encoding: 'latin1' | 'utf8'): string {
  if (start === end) return '';
  if (end - start > MAX_BYTES) return bytes.toString(encoding, start, end);
  let hash = end - start;
  let any = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    any |= byte;
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  if (any >= 0x80) return bytes.toString(encoding, start, end);
  const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
  const known = kept[slot] ?? '';
  return same(known, bytes, start, end) ? known : make(bytes, start, end, encoding, slot);
}

/** One character per byte. */
export function latin1(bytes: Buffer, start: number, end: number): string {
  return interned(bytes, start, end, 'latin1');
}

/** Bytes that are no UTF-8 become U+FFFD. */
export function utf8(bytes: Buffer, start: number, end: number): string {
  return interned(bytes, start, end, 'utf8');
}

/** Is it exactly this text, which is ASCII? Makes no string. */
export function equals(bytes: Buffer, start: number, end: number, ascii: string): boolean {
  return same(ascii, bytes, start, end);
}

export function startsWith(bytes: Buffer, start: number, end: number, ascii: string): boolean {
  const stop = start + ascii.length;
  return stop <= end && same(ascii, bytes, start, stop);
}
