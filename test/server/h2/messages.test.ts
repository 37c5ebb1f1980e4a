import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageReader, type Refusal } from '../../../src/server/h2/messages.js';
import { message } from './support/frames.js';

const MAX_BYTES = 10_000;

class Sink {
  readonly messages: Buffer[] = [];
  readonly refusals: Refusal[] = [];
  open = true;
  message(bytes: Buffer, start: number, end: number): void {
    this.messages.push(bytes.subarray(start, end));
  }
  refuseMessage(why: Refusal): void {
    this.refusals.push(why);
    this.open = false;
  }
}

function reading(maxHeld = 100_000) {
  const sink = new Sink();
  const held = { bytes: 0, maxBytes: maxHeld };
  return { sink, held, reader: new MessageReader(sink, held, MAX_BYTES) };
}

const MESSAGES = [Buffer.from('one'), Buffer.alloc(0), Buffer.alloc(3_000, 3), Buffer.from('last')];
/** Comparing large buffers element by element takes the test framework a minute. */
const hex = (messages: readonly Buffer[]) => messages.map((bytes) => bytes.toString('hex'));
const BYTES = Buffer.concat(MESSAGES.map((bytes) => message(bytes)));

describe('messages', () => {
  it('are read the same wherever a frame ends, and nothing is held when they are done', () => {
    for (let cut = 0; cut <= BYTES.length; cut++) {
      const { sink, held, reader } = reading();
      reader.read(BYTES, 0, cut);
      reader.read(BYTES, cut, BYTES.length);
      expect(hex(sink.messages), `cut at ${cut}`).toEqual(hex(MESSAGES));
      expect([held.bytes, reader.unfinished]).toEqual([0, false]);
    }
  });

  it('are read in any pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 700 })), (sizes) => {
        const { sink, reader } = reading();
        let at = 0;
        for (const size of sizes) {
          const end = Math.min(BYTES.length, at + size);
          reader.read(BYTES, at, end);
          at = end;
        }
        reader.read(BYTES, at, BYTES.length);
        expect(hex(sink.messages)).toEqual(hex(MESSAGES));
      }),
      { seed: 5 },
    );
  });

  it('that lie whole in a frame are views of it', () => {
    const { sink, reader } = reading();
    const bytes = message(Buffer.from('view'));
    reader.read(bytes, 0, bytes.length);
    expect(sink.messages[0]?.buffer).toBe(bytes.buffer);
    expect(sink.messages[0]?.byteOffset).toBe(bytes.byteOffset + 5);
  });

  it('may be as long as allowed, and not one byte longer', () => {
    const { sink, reader } = reading();
    const longest = message(Buffer.alloc(MAX_BYTES));
    reader.read(longest, 0, longest.length);
    expect([sink.messages.length, sink.refusals]).toEqual([1, []]);
    const longer = message(Buffer.alloc(MAX_BYTES + 1));
    reader.read(longer, 0, longer.length);
    expect([sink.messages.length, sink.refusals]).toEqual([1, ['too_long']]);
  });

  it.each([
    ['compressed', 1],
    ['flag', 2],
    ['flag', 255],
  ] as const)('are refused as %s with a flag of %i, in one piece and in two', (why, flag) => {
    const bytes = message(Buffer.from('x'), flag);
    for (const cut of [0, 3, 5]) {
      const { sink, reader } = reading();
      reader.read(bytes, 0, cut);
      reader.read(bytes, cut, bytes.length);
      expect([sink.messages, sink.refusals]).toEqual([[], [why]]);
    }
  });

  it('take memory as they arrive, not as they are announced', () => {
    const { sink, held, reader } = reading();
    const start = message(Buffer.alloc(MAX_BYTES)).subarray(0, 100);
    reader.read(start, 0, start.length);
    expect([held.bytes, reader.unfinished]).toEqual([100, true]);
    reader.drop();
    expect([held.bytes, reader.unfinished, sink.refusals]).toEqual([0, false, []]);
  });

  it('of many streams together may not be held beyond the limit', () => {
    const { sink, held, reader } = reading(150);
    const other = new MessageReader(new Sink(), held, MAX_BYTES);
    const start = message(Buffer.alloc(1_000)).subarray(0, 100);
    other.read(start, 0, start.length);
    expect(sink.refusals).toEqual([]);
    reader.read(start, 0, start.length);
    expect(sink.refusals).toEqual(['too_much']);
  });

  it('after a refusal are not looked at', () => {
    const { sink, reader } = reading();
    const bytes = Buffer.concat([message(Buffer.from('x'), 1), message(Buffer.from('y'))]);
    reader.read(bytes, 0, bytes.length);
    expect([sink.messages, sink.refusals]).toEqual([[], ['compressed']]);
  });
});
