// Numbers, which the messages of a real Envoy do not bring to their limits.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireError } from '../../src/wire/error.js';
import { Reader, tagOf } from '../../src/wire/protobuf/reader.js';
import { fieldSize, utf8Size, varintSize, Writer } from '../../src/wire/protobuf/writer.js';
import { varint } from './support/generated.js';

const reader = (bytes: Buffer) => new Reader(bytes, 0, bytes.length);
/** Generating texts takes its time where the machine is busy. */
const PATIENCE = { timeout: 60_000 };
const any64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n });
const any32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe('reading a number', () => {
  it('of 32 bits takes the low ones of whatever comes', () => {
    fc.assert(
      fc.property(any64, (value) => {
        expect(reader(varint(value)).uint32()).toBe(Number(BigInt.asUintN(32, value)));
      }),
    );
  });

  it('of 64 bits with a sign is exact as far as a number can be', () => {
    fc.assert(
      fc.property(any64, (value) => {
        expect(reader(varint(value)).int64()).toBe(Number(BigInt.asIntN(64, value)));
      }),
    );
  });

  it('that says yes or no is no only where every bit is', () => {
    fc.assert(fc.property(any64, (value) => void expect(reader(varint(value)).bool()).toBe(value !== 0n)));
    expect(reader(varint(1n << 63n)).bool()).toBe(true);
  });

  it('of at most ten bytes ends behind it, and one that is longer or cut off fails', () => {
    const read = (each: Reader) => [() => each.uint32(), () => each.int64(), () => each.bool()];
    for (let length = 1; length <= 12; length++) {
      const bytes = Buffer.from([...Array.from({ length: length - 1 }, () => 0x80), 0x00]);
      for (const [which] of read(reader(bytes)).entries()) {
        const whole = reader(bytes);
        const work = read(whole)[which] ?? expect.unreachable();
        if (length > 10) expect(work, `${length} bytes`).toThrow(WireError);
        else {
          work();
          expect(whole.at).toBe(length);
        }
        const cut = read(reader(bytes.subarray(0, -1)))[which] ?? expect.unreachable();
        expect(cut, `${length - 1} bytes`).toThrow(WireError);
      }
    }
  });

  it('that is a tag takes up to 32 bits', () => {
    const largest = tagOf(2 ** 29 - 1, 7);
    expect(reader(varint(BigInt(largest))).tag()).toBe(largest);
    expect(() => reader(varint(2n ** 32n)).tag()).toThrow(WireError);
  });
});

describe('messages within each other', () => {
  it('are left where they end, even if they were not read to there', () => {
    const bytes = Buffer.from([3, 1, 2, 3, 9]);
    const outside = reader(bytes);
    const outer = outside.enter();
    expect([outside.at, outside.end, outside.more]).toEqual([1, 4, true]);
    outside.leave(outer);
    expect([outside.at, outside.end]).toEqual([4, 5]);
  });
});

describe('writing', () => {
  it('a number takes the bytes that were counted for it, and is read back', () => {
    fc.assert(
      fc.property(fc.oneof(any32, fc.integer({ min: 0, max: 300 })), (value) => {
        const bytes = Buffer.alloc(varintSize(value));
        const writer = new Writer(bytes, 0);
        writer.varint(value);
        expect(writer.at).toBe(bytes.length);
        expect(bytes).toEqual(varint(BigInt(value)));
      }),
    );
    expect([0, 127, 128, 16_383, 16_384, 2 ** 21 - 1, 2 ** 21, 2 ** 28 - 1, 2 ** 28].map(varintSize)).toEqual([
      1, 1, 2, 2, 3, 3, 4, 4, 5,
    ]);
  });

  it('a text takes the bytes that were counted for it, and is UTF-8', PATIENCE, () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(text, (value) => {
        const bytes = Buffer.alloc(fieldSize(utf8Size(value)));
        const writer = new Writer(bytes, 0);
        writer.field(1, utf8Size(value));
        writer.text(value, utf8Size(value));
        expect(writer.at).toBe(bytes.length);
        expect(bytes.subarray(bytes.length - utf8Size(value)).toString('hex')).toBe(Buffer.from(value).toString('hex'));
      }),
    );
  });
});
