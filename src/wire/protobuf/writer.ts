// Writes protobuf front to back into a buffer that is large enough: who writes a message knows its size before, because
// the length of everything stands in front of it.

import { LENGTH, tagOf } from './reader.js';

const MAX_ASCII = 0x7f;

/** Bytes of a number below 2^32. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}

/** Bytes of a field that holds so many: its tag (fields 1 to 15), its length and itself. */
export function fieldSize(contentBytes: number): number {
  return 1 + varintSize(contentBytes) + contentBytes;
}

/** Names are few and come again and again: those last seen to be ASCII, by length and last character. */
const SEEN = 256;
const MAX_SEEN_LENGTH = 64;
const ascii: string[] = new Array<string>(SEEN).fill('');

/** Bytes of a text in UTF-8: names are ASCII as a rule, which needs no more than a look. */
export function utf8Size(text: string): number {
  const { length } = text;
  if (length === 0) return 0;
  const slot = (length * 7 + text.charCodeAt(length - 1)) & (SEEN - 1);
  if (ascii[slot] === text) return length;
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) > MAX_ASCII) return Buffer.byteLength(text);
  if (length <= MAX_SEEN_LENGTH) ascii[slot] = text;
  return length;
}

export class Writer {
  bytes: Buffer;
  /** Where the next byte goes. */
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  /** Leaves what it wrote, and goes on elsewhere. */
  moveTo(bytes: Buffer, at: number): void {
    this.bytes = bytes;
    this.at = at;
  }

  /** The front of a field (1 to 15) that holds `size` bytes, which follow by the calls below. */
  field(number: number, size: number): void {
    this.byte(tagOf(number, LENGTH));
    this.varint(size);
  }

  byte(value: number): void {
    this.bytes[this.at++] = value;
  }

  /** A number below 2^32. */
  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** A text of `size` bytes of UTF-8. */
  text(text: string, size: number): void {
    if (size === text.length) this.latin1(text);
    else this.at += this.bytes.write(text, this.at, size, 'utf8');
  }

  /** One byte per character. */
  latin1(text: string): void {
    const { bytes, at } = this;
    const { length } = text;
    for (let i = 0; i < length; i++) bytes[at + i] = text.charCodeAt(i);
    this.at = at + length;
  }

  raw(content: Buffer): void {
    this.bytes.set(content, this.at);
    this.at += content.length;
  }
}
