// Everything that streams send, under both windows (RFC 9113, section 5.2). What does not fit waits with its stream, and
// goes out when the peer makes room.

import type { Form } from './call.js';
import { ConnectionError, StreamError } from './errors.js';
import { PREFIX_BYTES } from './messages.js';
import type { Output } from './output.js';
import { CODE, type Code, DEFAULT_WINDOW, FLAG, FRAME, HIGHEST_WINDOW, MAX_FRAME_BYTES } from './protocol.js';
import { ANSWER_BLOCK } from './status.js';
import type { Stream } from './stream.js';

/** Messages of a stream that wait, prefixes included, and its end, if that is decided. */
export interface Queue {
  readonly parts: Buffer[];
  /** Sent already, of the first part. */
  sent: number;
  trailers: Buffer | null;
}

/** Ends a stream without any. */
export const NO_TRAILERS = Buffer.alloc(0);

export interface SenderEvents {
  /** The last frame of a stream is out. */
  sent(stream: Stream): void;
  /** More waits than may: the peer keeps its windows shut. */
  overflow(queuedBytes: number): void;
}

export class Sender {
  private readonly output: Output;
  private readonly events: SenderEvents;
  private readonly maxQueuedBytes: number;
  /** Streams with a queue, those that waited longest first. */
  private readonly waiting = new Set<Stream>();
  private queuedBytes = 0;
  private window = DEFAULT_WINDOW;
  initialWindow = DEFAULT_WINDOW;

  constructor(output: Output, maxQueuedBytes: number, events: SenderEvents) {
    this.output = output;
    this.maxQueuedBytes = maxQueuedBytes;
    this.events = events;
  }

  /** Of `size` bytes, in its form. @throws what `form` throws; nothing of the message is written then. */
  message<Message>(stream: Stream, message: Message, form: Form<Message>, size: number): void {
    if (!stream.headersSent) this.headers(stream, ANSWER_BLOCK);
    const whole = PREFIX_BYTES + size;
    if (stream.queue === null && whole <= this.room(stream) && whole <= MAX_FRAME_BYTES) {
      this.output.message(stream.id, message, form, size);
      this.account(stream, whole);
    } else {
      this.enqueue(stream, framed(message, form, size));
    }
  }

  /** An answer that is not gRPC, up to its end. */
  plain(stream: Stream, block: Buffer, body: Buffer): void {
    this.headers(stream, block);
    this.enqueue(stream, body);
  }

  /** After all its messages. */
  end(stream: Stream, block: Buffer): void {
    if (stream.queue === null) this.trailers(stream, block);
    else stream.queue.trailers = block;
  }

  reset(streamId: number, code: Code): void {
    this.output.frame(4, FRAME.rstStream, 0, streamId);
    this.output.uint32(code);
  }

  /** The stream is gone: what it still had to say is, too. */
  forget(stream: Stream): void {
    const { queue } = stream;
    if (queue === null) return;
    for (const part of queue.parts) this.queuedBytes -= part.length;
    this.queuedBytes += queue.sent;
    stream.queue = null;
    this.waiting.delete(stream);
  }

  /** @throws ConnectionError for more than a window can hold. */
  widen(bytes: number): void {
    this.window += bytes;
    if (this.window > HIGHEST_WINDOW) {
      throw new ConnectionError(CODE.flowControlError, 'the window of the connection is too wide');
    }
    this.pumpAll();
  }

  /** @throws StreamError for more than a window can hold. */
  widenStream(stream: Stream, bytes: number): void {
    stream.sendWindow += bytes;
    if (stream.sendWindow > HIGHEST_WINDOW) {
      throw new StreamError(CODE.flowControlError, 'the window of the stream is too wide');
    }
    if (stream.queue !== null) this.pump(stream);
  }

  /** The peer has a new initial window; it holds for open streams as well. @throws ConnectionError, as above. */
  useInitialWindow(bytes: number, streams: Iterable<Stream>): void {
    const change = bytes - this.initialWindow;
    this.initialWindow = bytes;
    if (change === 0) return;
    for (const stream of streams) {
      stream.sendWindow += change;
      if (stream.sendWindow > HIGHEST_WINDOW) {
        throw new ConnectionError(CODE.flowControlError, 'the initial window makes that of a stream too wide');
      }
    }
    this.pumpAll();
  }

  private room(stream: Stream): number {
    return this.window < stream.sendWindow ? this.window : stream.sendWindow;
  }

  private account(stream: Stream, bytes: number): void {
    this.window -= bytes;
    stream.sendWindow -= bytes;
  }

  private headers(stream: Stream, block: Buffer): void {
    stream.headersSent = true;
    this.output.frame(block.length, FRAME.headers, FLAG.endHeaders, stream.id);
    this.output.bytes(block);
  }

  private trailers(stream: Stream, block: Buffer): void {
    stream.headersSent = true;
    stream.localClosed = true;
    if (block === NO_TRAILERS) this.output.frame(0, FRAME.data, FLAG.endStream, stream.id);
    else this.output.frame(block.length, FRAME.headers, FLAG.endHeaders | FLAG.endStream, stream.id);
    this.output.bytes(block);
    this.events.sent(stream);
  }

  private enqueue(stream: Stream, part: Buffer): void {
    stream.queue ??= { parts: [], sent: 0, trailers: null };
    stream.queue.parts.push(part);
    this.waiting.add(stream);
    this.queuedBytes += part.length;
    this.pump(stream);
    if (this.queuedBytes > this.maxQueuedBytes) this.events.overflow(this.queuedBytes);
  }

  private pumpAll(): void {
    for (const stream of this.waiting) {
      if (this.window <= 0) return;
      this.pump(stream);
    }
  }

  /** Sends as much of the queue as the windows let through. */
  private pump(stream: Stream): void {
    const { queue } = stream;
    if (queue === null) return;
    for (let part = queue.parts[0]; part !== undefined; part = queue.parts[0]) {
      const size = Math.min(this.room(stream), part.length - queue.sent, MAX_FRAME_BYTES);
      if (size <= 0) return;
      this.piece(stream, part.subarray(queue.sent, queue.sent + size));
      queue.sent += size;
      if (queue.sent < part.length) continue;
      queue.parts.shift();
      queue.sent = 0;
    }
    stream.queue = null;
    this.waiting.delete(stream);
    if (queue.trailers !== null) this.trailers(stream, queue.trailers);
  }

  private piece(stream: Stream, bytes: Buffer): void {
    this.account(stream, bytes.length);
    this.queuedBytes -= bytes.length;
    this.output.frame(bytes.length, FRAME.data, 0, stream.id);
    this.output.bytes(bytes);
  }
}

function framed<Message>(message: Message, form: Form<Message>, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(PREFIX_BYTES + size);
  bytes[0] = 0;
  bytes.writeUInt32BE(size, 1);
  form.write(message, bytes, PREFIX_BYTES);
  return bytes;
}
