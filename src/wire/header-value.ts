// The last line of defence for header values: one that Envoy refuses turns the whole request into a 500.

import type { Writer } from './protobuf/writer.js';

const REPLACEMENT = 0x3f; // '?'
const TAB = 0x09;
const DELETE = 0x7f;

/** What Envoy accepts: a tab, and every byte from the space upwards but DEL. */
function allowed(byte: number): boolean {
  return (byte >= 0x20 && byte !== DELETE) || byte === TAB;
}

/**
 * One byte per character, as `WireHeaders` reads them: as many as the text is long. Control characters and all beyond a
 * byte become `?`.
 */
export function writeHeaderValue(writer: Writer, value: string): void {
  const { bytes, at } = writer;
  const { length } = value;
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i);
    bytes[at + i] = code <= 0xff && allowed(code) ? code : REPLACEMENT;
  }
  writer.at = at + length;
}
