// Protobuf as it lies on the wire (https://protobuf.dev/programming-guides/encoding): tags, varints, lengths. Written by
// hand because a general library makes an object of every message and a string of every text, and of what Envoy sends
// hardly any is looked at. Nothing is allocated here, every byte is looked at once, and no read leaves its message.

import { WireError } from '../error.js';

/** Low bits of a tag: how the value is laid out. */
export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH = 2;
const GROUP_START = 3;
const GROUP_END = 4;
const FIXED32 = 5;

const WIRE_TYPE_BITS = 3;
const WIRE_TYPE = 0b111;
const LEAST_TAG = 1 << WIRE_TYPE_BITS;
const MAX_VARINT_BYTES = 10;
/** Groups are obsolete and may be nested; deeper than this nobody meant it. */
const MAX_GROUP_DEPTH = 64;
const TWO_32 = 2 ** 32;
/** Of the fifth byte of a number. */
const LAST_FACTOR = 2 ** 28;

/** What `Reader.tag` gives for such a field. */
export function tagOf(field: number, wireType: number): number {
  return field * (1 << WIRE_TYPE_BITS) + wireType;
}

export class Reader {
  bytes: Buffer;
  /** The next byte. */
  at: number;
  /** Behind the last byte of the message being read. */
  end: number;

  constructor(bytes: Buffer, start: number, end: number) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  /** Reads another message. */
  moveTo(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  get more(): boolean {
    return this.at < this.end;
  }

  /** Field number and wire type, as `tagOf` puts them together. @throws WireError, like all that follows. */
  tag(): number {
    const tag = this.bounded();
    if (tag < LEAST_TAG) throw this.broken('a field numbered 0');
    return tag;
  }

  /** Reads on inside the message that comes, and gives what `leave` wants to know. */
  enter(): number {
    const outer = this.end;
    this.end = this.stop();
    return outer;
  }

  leave(outer: number): void {
    this.at = this.end;
    this.end = outer;
  }

  /** Reads a length, and gives where what it measures ends. It begins at `at`. */
  stop(): number {
    const length = this.bounded();
    const end = this.at + length;
    if (end > this.end) throw this.beyond(length);
    return end;
  }

  /** The low 32 bits, unsigned: what protobuf makes of a number that is too large for its field. */
  uint32(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const next = this.byte();
      if (shift < 32) value |= (next & 0x7f) << shift;
      if (next < 0x80) return value >>> 0;
      if (shift >= 7 * (MAX_VARINT_BYTES - 1)) throw this.broken('a number of more than 10 bytes');
    }
  }

  bool(): boolean {
    let any = 0;
    for (let count = 1; ; count++) {
      const next = this.byte();
      any |= next & 0x7f;
      if (next < 0x80) return any !== 0;
      if (count >= MAX_VARINT_BYTES) throw this.broken('a number of more than 10 bytes');
    }
  }

  /** Signed; exact up to 2^53, like every number. */
  int64(): number {
    let low = 0;
    let high = 0;
    for (let shift = 0; ; shift += 7) {
      const next = this.byte();
      const bits = next & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >> 4;
      } else high |= bits << (shift - 32);
      if (next < 0x80) return high * TWO_32 + (low >>> 0);
      if (shift >= 7 * (MAX_VARINT_BYTES - 1)) throw this.broken('a number of more than 10 bytes');
    }
  }

  /** Skips eight bytes; gives where they begin. */
  fixed64(): number {
    return this.pass(8);
  }

  /** Passes the value of a field that nobody reads. */
  skip(tag: number): void {
    this.skipValue(tag, 0);
  }

  broken(why: string): WireError {
    return new WireError(`not a message of protobuf: ${why}, at byte ${this.at}`);
  }

  private beyond(length: number): WireError {
    return this.broken(`${length} bytes announced, ${this.end - this.at} left`);
  }

  private skipValue(tag: number, depth: number): void {
    switch (tag & WIRE_TYPE) {
      case LENGTH:
        this.at = this.stop();
        return;
      case VARINT:
        this.bool();
        return;
      case FIXED64:
        this.pass(8);
        return;
      case FIXED32:
        this.pass(4);
        return;
      case GROUP_START:
        return this.skipGroup(tag, depth + 1);
      default:
        throw this.broken(`a field of wire type ${tag & WIRE_TYPE}`);
    }
  }

  private skipGroup(start: number, depth: number): void {
    if (depth > MAX_GROUP_DEPTH) throw this.broken(`more than ${MAX_GROUP_DEPTH} groups within each other`);
    const end = start - GROUP_START + GROUP_END;
    for (let tag = this.tag(); tag !== end; tag = this.tag()) this.skipValue(tag, depth);
  }

  private pass(bytes: number): number {
    const from = this.at;
    if (from + bytes > this.end) throw this.broken(`${bytes} bytes needed, ${this.end - from} left`);
    this.at = from + bytes;
    return from;
  }

  private byte(): number {
    if (this.at >= this.end) throw this.broken('it ends inside a field');
    return this.bytes[this.at++] ?? 0;
  }

  /** A tag or a length. Nearly all are one byte: that way is short, so that it is inlined wherever it is called. */
  private bounded(): number {
    const { at } = this;
    const first = this.bytes[at];
    if (first === undefined || first >= 0x80 || at >= this.end) return this.longer();
    this.at = at + 1;
    return first;
  }

  /** 32 bits in at most five bytes. Cut down to them, a length beyond all bounds would look short. */
  private longer(): number {
    let value = 0;
    for (let factor = 1; factor <= LAST_FACTOR; factor *= 0x80) {
      const next = this.byte();
      value += (next & 0x7f) * factor;
      if (next < 0x80) {
        if (value < TWO_32) return value;
        break;
      }
    }
    throw this.broken('a tag or a length of more than 32 bits');
  }
}
