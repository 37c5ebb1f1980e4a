// Envoy's attributes, over the bytes of the flat Struct they arrive in: where each name and value lies. There are six at
// most, so looking through them beats any table of them.

import type { Attributes } from '../core/stream.js';
import { equals, utf8 } from './interned.js';
import { FIXED64, LENGTH, type Reader, tagOf, VARINT } from './protobuf/reader.js';

const FIELDS = tagOf(1, LENGTH);
const KEY = tagOf(1, LENGTH);
const VALUE = tagOf(2, LENGTH);
const NUMBER = tagOf(2, FIXED64);
const STRING = tagOf(3, LENGTH);
/** Kinds of value that no attribute of ours has: null, bool, Struct, list. What is in them is not looked at. */
const OTHERS: readonly number[] = [tagOf(1, VARINT), tagOf(4, VARINT), tagOf(5, LENGTH), tagOf(6, LENGTH)];

/** Envoy's text for a message attribute that is null. */
const ABSENT = 'NULL';

/** Numbers per attribute: start and end of its name, tag of its value, start and end of that. */
const STEP = 5;

export class WireAttributes implements Attributes {
  private readonly bytes: Buffer;
  private readonly at: number[] = [];

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  string(name: string): string | undefined {
    const found = this.find(name);
    if (found < 0 || this.at[found + 2] !== STRING || this.isAbsent(found)) return undefined;
    return utf8(this.bytes, this.at[found + 3] ?? 0, this.at[found + 4] ?? 0);
  }

  number(name: string): number | undefined {
    const found = this.find(name);
    if (found < 0 || this.at[found + 2] !== NUMBER) return undefined;
    return this.bytes.readDoubleLE(this.at[found + 3] ?? 0);
  }

  has(name: string): boolean {
    const found = this.find(name);
    return found >= 0 && !this.isAbsent(found);
  }

  /** Adds those of a Struct. @throws WireError where it is none. */
  read(reader: Reader): void {
    while (reader.more) {
      const tag = reader.tag();
      if (tag === FIELDS) {
        const outer = reader.enter();
        this.readField(reader);
        reader.leave(outer);
      } else reader.skip(tag);
    }
  }

  private readField(reader: Reader): void {
    let keyStart = 0;
    let keyEnd = 0;
    const index = this.at.length;
    this.at.push(0, 0, 0, 0, 0);
    while (reader.more) {
      const tag = reader.tag();
      if (tag === KEY) {
        keyEnd = reader.stop();
        keyStart = reader.at;
        reader.at = keyEnd;
      } else if (tag === VALUE) {
        const outer = reader.enter();
        this.readValue(reader, index);
        reader.leave(outer);
      } else reader.skip(tag);
    }
    this.at[index] = keyStart;
    this.at[index + 1] = keyEnd;
  }

  /** Of several kinds, the last one counts: they exclude each other. */
  private readValue(reader: Reader, index: number): void {
    while (reader.more) {
      const tag = reader.tag();
      if (tag === STRING) {
        const end = reader.stop();
        this.setValue(index, STRING, reader.at, end);
        reader.at = end;
      } else if (tag === NUMBER) {
        this.setValue(index, NUMBER, reader.fixed64(), reader.at);
      } else {
        if (OTHERS.includes(tag)) this.setValue(index, 0, 0, 0);
        reader.skip(tag);
      }
    }
  }

  private setValue(index: number, tag: number, start: number, end: number): void {
    this.at[index + 2] = tag;
    this.at[index + 3] = start;
    this.at[index + 4] = end;
  }

  /** The last one of that name: in a map, it counts. */
  private find(name: string): number {
    const { at, bytes } = this;
    for (let i = at.length - STEP; i >= 0; i -= STEP) {
      if (equals(bytes, at[i] ?? 0, at[i + 1] ?? 0, name)) return i;
    }
    return -1;
  }

  private isAbsent(found: number): boolean {
    const { at } = this;
    return at[found + 2] === STRING && equals(this.bytes, at[found + 3] ?? 0, at[found + 4] ?? 0, ABSENT);
  }
}
