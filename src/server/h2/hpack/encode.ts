// HPACK, the encoding half: only what a server with a handful of fixed answers needs. Nothing goes into the peer's
// table, so a block can be made once and sent on every connection.

import { type Header, STATIC_TABLE } from './static-table.js';

const INDEXED = 0x80;
const LITERAL = 0x00;

function integer(first: number, prefixBits: number, value: number): number[] {
  const full = (1 << prefixBits) - 1;
  if (value < full) return [first | value];
  const bytes = [first | full];
  let rest = value - full;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
}

function string(text: string): Buffer {
  return Buffer.concat([Buffer.from(integer(0, 7, text.length)), Buffer.from(text, 'latin1')]);
}

function field([name, value]: Header): Buffer {
  const exact = STATIC_TABLE.findIndex((entry) => entry[0] === name && entry[1] === value);
  if (exact >= 0) return Buffer.from(integer(INDEXED, 7, exact + 1));
  const named = STATIC_TABLE.findIndex((entry) => entry[0] === name) + 1;
  const start = Buffer.from(integer(LITERAL, 4, named));
  return Buffer.concat(named > 0 ? [start, string(value)] : [start, string(name), string(value)]);
}

/** @param headers one byte per character, names in lower case. */
export function encodeHeaders(headers: readonly Header[]): Buffer {
  return Buffer.concat(headers.map(field));
}
