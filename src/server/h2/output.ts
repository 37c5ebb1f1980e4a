// Everything that leaves a connection goes through here: the answers to all frames of one read are collected and
// written at once, for a system call costs more than an answer.

import type { Socket } from 'node:net';
import type { Form } from './call.js';
import { PREFIX_BYTES } from './messages.js';
import { FRAME, FRAME_HEADER_BYTES } from './protocol.js';

const INITIAL_BYTES = 16 * 1024;
/** A buffer that had to grow beyond it is given back. */
const KEPT_BYTES = 256 * 1024;

/** The part of a socket that is needed here. */
export type Sink = Pick<Socket, 'write' | 'writableLength'>;

export class Output {
  private readonly sink: Sink;
  private buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  private length = 0;

  constructor(sink: Sink) {
    this.sink = sink;
  }

  /** Bytes that the kernel has not taken. */
  get unsentBytes(): number {
    return this.length + this.sink.writableLength;
  }

  /** The header of a frame whose `length` bytes of payload follow by the calls below. */
  frame(length: number, type: number, flags: number, streamId: number): void {
    this.reserve(FRAME_HEADER_BYTES + length);
    const { buffer } = this;
    let at = this.length;
    buffer[at++] = length >> 16;
    buffer[at++] = length >> 8;
    buffer[at++] = length;
    buffer[at++] = type;
    buffer[at++] = flags;
    buffer[at++] = streamId >> 24;
    buffer[at++] = streamId >> 16;
    buffer[at++] = streamId >> 8;
    buffer[at++] = streamId;
    this.length = at;
  }

  /** A DATA frame with one whole gRPC message of `size` bytes. @throws what `form` throws; nothing is kept then. */
  message<Message>(streamId: number, message: Message, form: Form<Message>, size: number): void {
    const front = FRAME_HEADER_BYTES + PREFIX_BYTES;
    this.reserve(front + size);
    form.write(message, this.buffer, this.length + front);
    this.frame(PREFIX_BYTES + size, FRAME.data, 0, streamId);
    this.uint8(0);
    this.uint32(size);
    this.length += size;
  }

  uint8(value: number): void {
    this.reserve(1);
    this.buffer[this.length++] = value;
  }

  uint32(value: number): void {
    this.reserve(4);
    const { buffer } = this;
    let at = this.length;
    buffer[at++] = value >> 24;
    buffer[at++] = value >> 16;
    buffer[at++] = value >> 8;
    buffer[at++] = value;
    this.length = at;
  }

  bytes(bytes: Buffer): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Hands all of it to the socket. */
  flush(): void {
    if (this.length === 0) return;
    this.sink.write(this.buffer.subarray(0, this.length));
    this.length = 0;
    // What the kernel did not take at once is still read from this buffer.
    if (this.sink.writableLength > 0 || this.buffer.length > KEPT_BYTES) {
      this.buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
    }
  }

  private reserve(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    larger.set(this.buffer.subarray(0, this.length));
    this.buffer = larger;
  }
}
