// How much a peer may send, the connection and each stream (RFC 9113, section 5.2). What arrives is worked off at once,
// so room is made again as soon as half of it is used.

import { ConnectionError, StreamError } from './errors.js';
import { CONNECTION_WINDOW, STREAM_WINDOW } from './limits.js';
import type { Output } from './output.js';
import { CODE, FRAME } from './protocol.js';
import type { Stream } from './stream.js';

export class ReceiveWindow {
  private readonly output: Output;
  private left = CONNECTION_WINDOW;

  constructor(output: Output) {
    this.output = output;
  }

  /** Of the connection. @throws ConnectionError where there is no room. */
  take(bytes: number): void {
    this.left -= bytes;
    if (this.left < 0) throw new ConnectionError(CODE.flowControlError, 'more DATA than the window of the connection');
    if (this.left > CONNECTION_WINDOW / 2) return;
    this.widen(0, CONNECTION_WINDOW - this.left);
    this.left = CONNECTION_WINDOW;
  }

  /** Of a stream; one that has ended needs no more room. @throws StreamError where there is none. */
  takeOf(stream: Stream, bytes: number, endStream: boolean): void {
    stream.receiveWindow -= bytes;
    if (stream.receiveWindow < 0) throw new StreamError(CODE.flowControlError, 'more DATA than the window');
    if (endStream || stream.receiveWindow > STREAM_WINDOW / 2) return;
    this.widen(stream.id, STREAM_WINDOW - stream.receiveWindow);
    stream.receiveWindow = STREAM_WINDOW;
  }

  private widen(id: number, bytes: number): void {
    this.output.frame(4, FRAME.windowUpdate, 0, id);
    this.output.uint32(bytes);
  }
}
