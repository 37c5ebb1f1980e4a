// Integers and strings of HPACK (RFC 7541, section 5), read one after the other from a header block.

import { ConnectionError } from '../errors.js';
import { CODE } from '../protocol.js';
import { decodeHuffman } from './huffman.js';

/** Bits after the first byte: more would be a number beyond every length and index there can be. */
const MAX_SHIFT = 21;

/** A block that cannot be read leaves the tables of the two sides different: the connection is lost with it. */
export function unreadable(what: string): ConnectionError {
  return new ConnectionError(CODE.compressionError, `a header block cannot be decoded: ${what}`);
}

export class BlockReader {
  private readonly bytes: Buffer;
  private at: number;
  private readonly end: number;

  constructor(bytes: Buffer, start: number, end: number) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  /** The next byte, which stays where it is. */
  peek(): number {
    return this.bytes[this.at] ?? 0;
  }

  /** @throws ConnectionError where it has no end, or is beyond all reason. */
  integer(prefixBits: number): number {
    const full = (1 << prefixBits) - 1;
    let value = this.byte() & full;
    if (value < full) return value;
    for (let shift = 0; ; shift += 7) {
      if (shift > MAX_SHIFT) throw unreadable('a number is too large');
      const byte = this.byte();
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  /** One character per byte. */
  string(): string {
    const huffman = this.peek() >= 0x80;
    const length = this.integer(7);
    const start = this.at;
    const end = start + length;
    if (end > this.end) throw unreadable('a string ends after the block');
    this.at = end;
    if (!huffman) return this.bytes.toString('latin1', start, end);
    const text = decodeHuffman(this.bytes, start, end);
    if (text === null) throw unreadable('a string is no Huffman code');
    return text;
  }

  private byte(): number {
    if (this.done) throw unreadable('it ends too early');
    return this.bytes[this.at++] ?? 0;
  }
}
