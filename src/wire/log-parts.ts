// What entries of the access log are made of: texts and durations, each of which may be there or not.

import { utf8 } from './interned.js';
import { type Reader, tagOf, VARINT } from './protobuf/reader.js';

const SECONDS = tagOf(1, VARINT);
const NANOS = tagOf(2, VARINT);

/** A text of the message: nothing is made of it before it is wanted. */
export class Span {
  start = 0;
  /** Negative: it is not there. */
  end = -1;

  get present(): boolean {
    return this.end >= 0;
  }

  clear(): void {
    this.end = -1;
  }

  read(reader: Reader): void {
    this.end = reader.stop();
    this.start = reader.at;
    reader.at = this.end;
  }

  copy(other: Span): void {
    this.start = other.start;
    this.end = other.end;
  }

  text(reader: Reader): string {
    return this.present ? utf8(reader.bytes, this.start, this.end) : '';
  }
}

/** google.protobuf.Duration. */
export class Lasting {
  present = false;
  private seconds = 0;
  private nanos = 0;

  get ms(): number {
    return this.seconds * 1000 + this.nanos / 1_000_000;
  }

  clear(): void {
    this.present = false;
    this.seconds = 0;
    this.nanos = 0;
  }

  read(reader: Reader): void {
    this.present = true;
    const outer = reader.enter();
    while (reader.more) {
      const tag = reader.tag();
      if (tag === SECONDS) this.seconds = reader.int64();
      else if (tag === NANOS) this.nanos = reader.uint32() | 0;
      else reader.skip(tag);
    }
    reader.leave(outer);
  }
}
