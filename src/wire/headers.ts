// Headers over the message's own bytes: where each begins and ends, and nothing else. Most are never looked at, so no
// text is made of any before it is asked for.
// A value is a string of bytes, one per character (latin1): nothing is lost, and no sequence of bytes is invalid.

import type { Headers } from '../core/stream.js';
import { equals, latin1, startsWith, utf8 } from './interned.js';
import { Places, STEP } from './places.js';
import { LENGTH, type Reader, tagOf } from './protobuf/reader.js';

const HEADERS = tagOf(1, LENGTH);
const HEADER = tagOf(1, LENGTH);
const KEY = tagOf(1, LENGTH);
const VALUE = tagOf(2, LENGTH);
const RAW_VALUE = tagOf(3, LENGTH);

/** Kinds of value: the field `value`, which is text, and `raw_value`, which is bytes. */
const TEXT = 1;
const BYTES = 0;
/** Longer values rarely come again, and are not kept. */
const KEPT_BYTES = 24;

const NONE: readonly string[] = [];

/**
 * A view: it keeps the message's bytes alive, so take strings from it rather than holding on to it. An entry is the start
 * and end of a name, the start and end of its value, and the value's kind.
 */
export class WireHeaders extends Places implements Headers {
  private readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    super();
    this.bytes = bytes;
  }

  get(name: string): string | undefined {
    const found = this.find(name, this.first);
    return found < 0 ? undefined : this.value(found);
  }

  text(name: string): string | undefined {
    const found = this.find(name, this.first);
    return found < 0 ? undefined : utf8(this.bytes, this.numbers[found + 2] ?? 0, this.numbers[found + 3] ?? 0);
  }

  all(name: string): readonly string[] {
    const values: string[] = [];
    for (let found = this.find(name, this.first); found >= 0; found = this.find(name, found + STEP)) {
      values.push(this.value(found));
    }
    return values;
  }

  startingWith(prefix: string): readonly string[] {
    const { numbers, end, bytes } = this;
    let names: Set<string> | null = null;
    for (let i = this.first; i < end; i += STEP) {
      const keyStart = numbers[i] ?? 0;
      const keyEnd = numbers[i + 1] ?? 0;
      if (!startsWith(bytes, keyStart, keyEnd, prefix)) continue;
      names ??= new Set();
      names.add(utf8(bytes, keyStart, keyEnd));
    }
    return names === null ? NONE : [...names];
  }

  /** Adds those of an HttpHeaders message. @throws WireError where it is none. */
  read(reader: Reader): void {
    while (reader.more) {
      const tag = reader.tag();
      if (tag === HEADERS) {
        const outer = reader.enter();
        this.readMap(reader);
        reader.leave(outer);
      } else reader.skip(tag);
    }
  }

  private readMap(reader: Reader): void {
    while (reader.more) {
      const tag = reader.tag();
      if (tag === HEADER) {
        const outer = reader.enter();
        this.readHeader(reader);
        reader.leave(outer);
      } else reader.skip(tag);
    }
  }

  private readHeader(reader: Reader): void {
    let keyStart = 0;
    let keyEnd = 0;
    let textStart = 0;
    let textEnd = 0;
    let rawStart = 0;
    let rawEnd = 0;
    while (reader.more) {
      const tag = reader.tag();
      if (tag === KEY) {
        keyEnd = reader.stop();
        keyStart = reader.at;
        reader.at = keyEnd;
      } else if (tag === RAW_VALUE) {
        rawEnd = reader.stop();
        rawStart = reader.at;
        reader.at = rawEnd;
      } else if (tag === VALUE) {
        textEnd = reader.stop();
        textStart = reader.at;
        reader.at = textEnd;
      } else reader.skip(tag);
    }
    // No header is without a name.
    if (keyStart === keyEnd) return;
    if (rawStart < rawEnd) this.add(keyStart, keyEnd, rawStart, rawEnd, BYTES);
    else this.add(keyStart, keyEnd, textStart, textEnd, TEXT);
  }

  private find(name: string, from: number): number {
    const { numbers, end, bytes } = this;
    const { length } = name;
    for (let i = from; i < end; i += STEP) {
      const keyStart = numbers[i] ?? 0;
      const keyEnd = numbers[i + 1] ?? 0;
      if (keyEnd - keyStart === length && equals(bytes, keyStart, keyEnd, name)) return i;
    }
    return -1;
  }

  private value(found: number): string {
    const start = this.numbers[found + 2] ?? 0;
    const end = this.numbers[found + 3] ?? 0;
    if (this.numbers[found + 4] === TEXT) return utf8(this.bytes, start, end);
    return end - start <= KEPT_BYTES ? latin1(this.bytes, start, end) : this.bytes.toString('latin1', start, end);
  }
}
