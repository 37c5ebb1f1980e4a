// Short texts that come again and again: methods, statuses, names of clusters and routes, addresses. Making a string of
// bytes costs more than finding the one that was made of the same bytes before, and a string that was looked up in a map
// before is found there faster than an equal one. What does not come again pushes others out, and costs what it would anyway.

/** A power of two. At most so many texts are kept. */
const SLOTS = 4_096;
/** Of a text that is kept. */
const MAX_BYTES = 96;

const kept: string[] = new Array<string>(SLOTS).fill('');
/** The bytes of each, for comparing: a byte is found faster than a character of a text. */
const keptBytes = new Uint8Array(SLOTS * MAX_BYTES);

function isKept(slot: number, bytes: Buffer, start: number, end: number): boolean {
  const length = end - start;
  if (kept[slot]?.length !== length) return false;
  const from = slot * MAX_BYTES;
  for (let at = 0; at < length; at++) if (keptBytes[from + at] !== bytes[start + at]) return false;
  return true;
}

function make(bytes: Buffer, start: number, end: number, encoding: 'latin1' | 'utf8', slot: number): string {
  const text = bytes.toString(encoding, start, end);
  kept[slot] = text;
  const from = slot * MAX_BYTES - start;
  for (let at = start; at < end; at++) keptBytes[from + at] = bytes[at] ?? 0;
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
  return isKept(slot, bytes, start, end) ? (kept[slot] ?? '') : make(bytes, start, end, encoding, slot);
}

/** One character per byte. */
export function latin1(bytes: Buffer, start: number, end: number): string {
  return interned(bytes, start, end, 'latin1');
}

/** Bytes that are no UTF-8 become U+FFFD. */
export function utf8(bytes: Buffer, start: number, end: number): string {
  return interned(bytes, start, end, 'utf8');
}

/** Names that were asked for, as numbers. They come from the program and its policy, so they are few. */
const names = new Map<string, Uint16Array>();
const MAX_NAMES = 1_024;

function codesOf(name: string): Uint16Array {
  const known = names.get(name);
  if (known !== undefined) return known;
  const made = Uint16Array.from({ length: name.length }, (_, at) => name.charCodeAt(at));
  if (names.size < MAX_NAMES) names.set(name, made);
  return made;
}

function begins(bytes: Buffer, start: number, wanted: Uint16Array): boolean {
  const { length } = wanted;
  for (let at = 0; at < length; at++) if (wanted[at] !== bytes[start + at]) return false;
  return true;
}

/** Is it exactly this text, which is ASCII? Makes no string. */
export function equals(bytes: Buffer, start: number, end: number, ascii: string): boolean {
  return ascii.length === end - start && begins(bytes, start, codesOf(ascii));
}

export function startsWith(bytes: Buffer, start: number, end: number, ascii: string): boolean {
  return start + ascii.length <= end && begins(bytes, start, codesOf(ascii));
}
