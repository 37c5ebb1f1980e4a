// Headers over the message's own bytes: where each begins and ends, and nothing else. Most are never looked at, so no
// text is made of any before it is asked for.
// A value is a string of bytes, one per character (latin1): nothing is lost, and no sequence of bytes is invalid.

import type { Headers } from '../core/stream.js';
import { equals, latin1, startsWith, utf8 } from './interned.js';
import { LENGTH, type Reader, tagOf } from './protobuf/reader.js';

const HEADERS = tagOf(1, LENGTH);
const HEADER = tagOf(1, LENGTH);
const KEY = tagOf(1, LENGTH);
const VALUE = tagOf(2, LENGTH);
const RAW_VALUE = tagOf(3, LENGTH);

/** Numbers per header: start and end of its name, start and end of its value, and the value's kind. */
const STEP = 5;
/** The field `value`, which is text; `raw_value` is bytes. */
const TEXT = 1;
const BYTES = 0;
/** Longer values rarely come again, and are not kept. */
const KEPT_BYTES = 24;

const NONE: readonly string[] = [];

/** A view: it keeps the message's bytes alive, so take strings from it rather than holding on to it. */
export class WireHeaders implements Headers {
  private readonly bytes: Buffer;
  private readonly at: number[] = [];

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get(name: string): string | undefined {
    const found = this.find(name, 0);
    return found < 0 ? undefined : this.value(found);
  }

  text(name: string): string | undefined {
    const found = this.find(name, 0);
    return found < 0 ? undefined : utf8(this.bytes, this.at[found + 2] ?? 0, this.at[found + 3] ?? 0);
  }

  all(name: string): readonly string[] {
    const values: string[] = [];
    for (let found = this.find(name, 0); found >= 0; found = this.find(name, found + STEP)) {
      values.push(this.value(found));
    }
    return values;
  }

  startingWith(prefix: string): readonly string[] {
    const { at, bytes } = this;
    let names: Set<string> | null = null;
    for (let i = 0; i < at.length; i += STEP) {
      const start = at[i] ?? 0;
      const end = at[i + 1] ?? 0;
      if (!startsWith(bytes, start, end, prefix)) continue;
      names ??= new Set();
      names.add(utf8(bytes, start, end));
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
    if (rawStart < rawEnd) this.at.push(keyStart, keyEnd, rawStart, rawEnd, BYTES);
    else this.at.push(keyStart, keyEnd, textStart, textEnd, TEXT);
  }

  private find(name: string, from: number): number {
    const { at, bytes } = this;
    for (let i = from; i < at.length; i += STEP) {
      if (equals(bytes, at[i] ?? 0, at[i + 1] ?? 0, name)) return i;
    }
    return -1;
  }

  private value(found: number): string {
    const start = this.at[found + 2] ?? 0;
    const end = this.at[found + 3] ?? 0;
    if (this.at[found + 4] === TEXT) return utf8(this.bytes, start, end);
    return end - start <= KEPT_BYTES ? latin1(this.bytes, start, end) : this.bytes.toString('latin1', start, end);
  }
}
