import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameReader } from '../../../src/server/h2/frame-reader.js';
import { CODE, MAX_FRAME_BYTES, PREFACE } from '../../../src/server/h2/protocol.js';
import { type Frame, frame } from './support/frames.js';

function reading(): { reader: FrameReader; frames: Frame[] } {
  const frames: Frame[] = [];
  const reader = new FrameReader({
    frame: (type, flags, id, bytes, start, end) =>
      void frames.push({ type, flags, id, payload: Buffer.from(bytes.subarray(start, end)) }),
  });
  return { reader, frames };
}

const FRAMES: readonly Frame[] = [
  { type: 4, flags: 0, id: 0, payload: Buffer.alloc(0) },
  { type: 1, flags: 4, id: 1, payload: Buffer.from('a header block') },
  { type: 0, flags: 1, id: 2 ** 31 - 1, payload: Buffer.alloc(300, 7) },
  { type: 200, flags: 255, id: 3, payload: Buffer.from([1]) },
];
const BYTES = Buffer.concat([
  PREFACE,
  ...FRAMES.map(({ type, flags, id, payload }) => frame(type, flags, id, payload)),
]);

describe('frames', () => {
  it('are read the same wherever a read is cut', () => {
    for (let cut = 0; cut <= BYTES.length; cut++) {
      const { reader, frames } = reading();
      reader.read(BYTES.subarray(0, cut));
      reader.read(BYTES.subarray(cut));
      expect(frames, `cut at ${cut}`).toEqual(FRAMES);
    }
  });

  it('are read byte by byte', () => {
    const { reader, frames } = reading();
    for (let at = 0; at < BYTES.length; at++) reader.read(BYTES.subarray(at, at + 1));
    expect(frames).toEqual(FRAMES);
  });

  it('are read the same in any pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 })), (sizes) => {
        const { reader, frames } = reading();
        let at = 0;
        for (const size of sizes) {
          reader.read(BYTES.subarray(at, at + size));
          at = Math.min(BYTES.length, at + size);
        }
        reader.read(BYTES.subarray(at));
        expect(frames).toEqual(FRAMES);
      }),
      { seed: 9113 },
    );
  });

  it('that lie whole in a read are not copied, and those that do not get memory of their own', () => {
    const seen: Buffer[] = [];
    const reader = new FrameReader({ frame: (_type, _flags, _id, bytes) => void seen.push(bytes) });
    reader.read(PREFACE);
    const bytes = frame(0, 0, 1, 'whole');
    reader.read(bytes);
    expect(seen[0]).toBe(bytes);
    for (const part of [bytes.subarray(0, 12), bytes.subarray(12)]) reader.read(part);
    for (const part of [bytes.subarray(0, 12), bytes.subarray(12)]) reader.read(part);
    expect(seen[1]?.toString()).toBe('whole');
    expect(seen[2]).not.toBe(seen[1]);
  });

  it('may have as many bytes as agreed, and not one more', () => {
    const { reader, frames } = reading();
    reader.read(PREFACE);
    reader.read(frame(0, 0, 1, Buffer.alloc(MAX_FRAME_BYTES)));
    expect(frames.length).toBe(1);
    const longer = frame(0, 0, 1, Buffer.alloc(MAX_FRAME_BYTES + 1)).subarray(0, 9);
    expect(() => reader.read(longer)).toThrow(expect.objectContaining({ code: CODE.frameSizeError }));
  });

  it('have a reserved bit that means nothing', () => {
    const { reader, frames } = reading();
    const bytes = frame(0, 0, 5);
    bytes[5] = 0x80;
    reader.read(Buffer.concat([PREFACE, bytes]));
    expect(frames[0]?.id).toBe(5);
  });
});

describe('the preface', () => {
  it('is awaited, in whatever pieces', () => {
    const { reader } = reading();
    reader.read(PREFACE.subarray(0, 20));
    expect(reader.greeted).toBe(false);
    reader.read(PREFACE.subarray(20));
    expect(reader.greeted).toBe(true);
  });

  it.each(['GET / HTTP/1.1\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r!', '\x16\x03\x01'])('is not %j', (text) => {
    const { reader } = reading();
    expect(() => reader.read(Buffer.from(text, 'latin1'))).toThrow(/does not speak HTTP\/2/);
  });
});
