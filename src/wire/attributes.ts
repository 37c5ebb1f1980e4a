// Envoy's attributes, over the bytes of the flat Struct they arrive in: where each name and value lies. There are six at
// most, so looking through them beats any table of them.

import type { Attributes } from '../core/stream.js';
import { equals, utf8 } from './interned.js';
import { Places, STEP } from './places.js';
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

/** An entry is the start and end of a name, the tag of its value, and the start and end of that. */
export class WireAttributes extends Places implements Attributes {
  private readonly bytes: Buffer;
  /** Of the value being read, the last kind that came. */
  private tag = 0;
  private valueStart = 0;
  private valueEnd = 0;

  constructor(bytes: Buffer) {
    super();
    this.bytes = bytes;
  }

  string(name: string): string | undefined {
    const found = this.find(name);
    if (found < 0 || this.numbers[found + 2] !== STRING || this.isAbsent(found)) return undefined;
    return utf8(this.bytes, this.numbers[found + 3] ?? 0, this.numbers[found + 4] ?? 0);
  }

  number(name: string): number | undefined {
    const found = this.find(name);
    if (found < 0 || this.numbers[found + 2] !== NUMBER) return undefined;
    return this.bytes.readDoubleLE(this.numbers[found + 3] ?? 0);
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
    this.setValue(0, 0, 0);
    while (reader.more) {
      const tag = reader.tag();
      if (tag === KEY) {
        keyEnd = reader.stop();
        keyStart = reader.at;
        reader.at = keyEnd;
      } else if (tag === VALUE) {
        const outer = reader.enter();
        this.readValue(reader);
        reader.leave(outer);
      } else reader.skip(tag);
    }
    this.add(keyStart, keyEnd, this.tag, this.valueStart, this.valueEnd);
  }

  /** Of several kinds, the last one counts: they exclude each other. */
  private readValue(reader: Reader): void {
    while (reader.more) {
      const tag = reader.tag();
      if (tag === STRING) {
        const end = reader.stop();
        this.setValue(STRING, reader.at, end);
        reader.at = end;
      } else if (tag === NUMBER) {
        this.setValue(NUMBER, reader.fixed64(), reader.at);
      } else {
        if (OTHERS.includes(tag)) this.setValue(0, 0, 0);
        reader.skip(tag);
      }
    }
  }

  private setValue(tag: number, start: number, end: number): void {
    this.tag = tag;
    this.valueStart = start;
    this.valueEnd = end;
  }

  /** The last one of that name: in a map, it counts. */
  private find(name: string): number {
    const { numbers, first, bytes } = this;
    const { length } = name;
    for (let i = this.end - STEP; i >= first; i -= STEP) {
      const keyStart = numbers[i] ?? 0;
      const keyEnd = numbers[i + 1] ?? 0;
      if (keyEnd - keyStart === length && equals(bytes, keyStart, keyEnd, name)) return i;
    }
    return -1;
  }

  private isAbsent(found: number): boolean {
    const { numbers } = this;
    return (
      numbers[found + 2] === STRING && equals(this.bytes, numbers[found + 3] ?? 0, numbers[found + 4] ?? 0, ABSENT)
    );
  }
}
