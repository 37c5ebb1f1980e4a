// Reads protobuf bytes without a schema, as paths of field numbers: what a codec keeps can then be compared with what
// was there.

/** A field as it stands on the wire: its path, as in `2.1.3`, and its bytes in hexadecimal. */
export type Leaf = readonly [path: string, hex: string];

class Reader {
  offset = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.offset >= this.#bytes.length;
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes.readUInt8(this.offset++);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  take(length: number): Buffer {
    this.offset += length;
    return this.#bytes.subarray(this.offset - length, this.offset);
  }

  /** The value of a field of that wire type. */
  value(wireType: number): Buffer {
    const start = this.offset;
    if (wireType === 0) {
      this.varint();
      return this.#bytes.subarray(start, this.offset);
    }
    if (wireType === 1) return this.take(8);
    if (wireType === 2) return this.take(this.varint());
    if (wireType === 5) return this.take(4);
    throw new Error(`wire type ${wireType} at ${start}`);
  }
}

/** @param messages paths whose bytes are messages themselves; everything else is a leaf. */
export function leaves(bytes: Buffer, messages: ReadonlySet<string>, parent = ''): Leaf[] {
  const reader = new Reader(bytes);
  const found: Leaf[] = [];
  while (!reader.done) {
    const key = reader.varint();
    const path = `${parent}${Math.floor(key / 8)}`;
    const value = reader.value(key % 8);
    if (messages.has(path)) found.push(...leaves(value, messages, `${path}.`));
    else found.push([path, value.toString('hex')]);
  }
  return found;
}
