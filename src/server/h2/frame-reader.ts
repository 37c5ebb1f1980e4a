// Cuts what a socket reads into frames. A frame that lies whole in one read, as nearly all do, is not copied; one that
// is split gets memory of its own, for handlers may keep a view of a message.

import { ConnectionError } from './errors.js';
import { CODE, FRAME_HEADER_BYTES, MAX_FRAME_BYTES, PREFACE } from './protocol.js';

export interface FrameSink {
  /** The payload lies in `bytes` from `start` to `end`. */
  frame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void;
}

export class FrameReader {
  private readonly sink: FrameSink;
  private prefaceLeft = PREFACE.length;
  /** A header of which the end is missing. */
  private readonly header = Buffer.allocUnsafeSlow(FRAME_HEADER_BYTES);
  private headerBytes = 0;
  /** A payload of which the end is missing; its header is complete. */
  private payload: Buffer | null = null;
  private payloadBytes = 0;

  constructor(sink: FrameSink) {
    this.sink = sink;
  }

  /** Has the client said that it speaks HTTP/2? */
  get greeted(): boolean {
    return this.prefaceLeft === 0;
  }

  /** @throws ConnectionError for what is no HTTP/2, and whatever the sink throws; nothing is to be read after that. */
  read(chunk: Buffer): void {
    let at = this.prefaceLeft > 0 ? this.preface(chunk) : 0;
    if (this.headerBytes > 0) at = this.finishSplit(chunk, at);
    while (chunk.length - at >= FRAME_HEADER_BYTES) {
      const start = at + FRAME_HEADER_BYTES;
      const end = start + lengthAt(chunk, at);
      if (end > chunk.length) break;
      this.emit(chunk, at, chunk, start, end);
      at = end;
    }
    if (at < chunk.length) this.finishSplit(chunk, at);
  }

  private preface(chunk: Buffer): number {
    const from = PREFACE.length - this.prefaceLeft;
    const count = Math.min(this.prefaceLeft, chunk.length);
    if (PREFACE.compare(chunk, 0, count, from, from + count) !== 0) {
      throw new ConnectionError(CODE.protocolError, 'the peer does not speak HTTP/2 with prior knowledge');
    }
    this.prefaceLeft -= count;
    return count;
  }

  /** Takes what a split frame still lacks. Gives the place of the next frame, or the end of the chunk. */
  private finishSplit(chunk: Buffer, from: number): number {
    let at = from;
    if (this.payload === null) {
      at = this.fillHeader(chunk, at);
      if (this.headerBytes < FRAME_HEADER_BYTES) return at;
      this.payload = Buffer.allocUnsafeSlow(lengthAt(this.header, 0));
      this.payloadBytes = 0;
    }
    const { payload } = this;
    const count = Math.min(payload.length - this.payloadBytes, chunk.length - at);
    payload.set(chunk.subarray(at, at + count), this.payloadBytes);
    this.payloadBytes += count;
    if (this.payloadBytes < payload.length) return at + count;
    this.payload = null;
    this.headerBytes = 0;
    this.emit(this.header, 0, payload, 0, payload.length);
    return at + count;
  }

  private fillHeader(chunk: Buffer, at: number): number {
    const count = Math.min(FRAME_HEADER_BYTES - this.headerBytes, chunk.length - at);
    this.header.set(chunk.subarray(at, at + count), this.headerBytes);
    this.headerBytes += count;
    return at + count;
  }

  private emit(head: Buffer, at: number, bytes: Buffer, start: number, end: number): void {
    const type = head[at + 3] ?? 0;
    const flags = head[at + 4] ?? 0;
    this.sink.frame(type, flags, uint31(head, at + 5), bytes, start, end);
  }
}

/** @throws ConnectionError: a frame that is too long cannot be skipped without reading all of it. */
function lengthAt(bytes: Buffer, at: number): number {
  const length = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
  if (length <= MAX_FRAME_BYTES) return length;
  throw new ConnectionError(CODE.frameSizeError, `a frame has ${length} bytes, more than ${MAX_FRAME_BYTES}`);
}

export function uint32(bytes: Buffer, at: number): number {
  return uint31(bytes, at) + ((bytes[at] ?? 0) >> 7) * 2 ** 31;
}

/** The reserved bit in front is ignored. */
export function uint31(bytes: Buffer, at: number): number {
  return (
    (((bytes[at] ?? 0) & 0x7f) << 24) |
    ((bytes[at + 1] ?? 0) << 16) |
    ((bytes[at + 2] ?? 0) << 8) |
    (bytes[at + 3] ?? 0)
  );
}
