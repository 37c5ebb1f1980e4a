// The rules of HTTP/2 for one connection, without its socket: which frame is allowed when, what it does to which
// stream, and what it costs the peer that sent it.

import type { PastLimit } from '../hooks.js';
import type { OpenCall } from './call.js';
import { Control, type ControlHost } from './control.js';
import { ConnectionError, StreamError } from './errors.js';
import { type FrameSink, uint31 } from './frame-reader.js';
import { HeaderIntake, type IntakeHost, type Request } from './header-intake.js';
import type { Header } from './hpack/static-table.js';
import { type Limits, STREAM_WINDOW } from './limits.js';
import type { Held } from './messages.js';
import type { Output } from './output.js';
import { paddingOf, tooShort } from './padding.js';
import { CODE, type Code, FLAG, FRAME } from './protocol.js';
import { Budget } from './rate.js';
import { ReceiveWindow } from './receive-window.js';
import { checkTrailers, type RequestHead } from './request-head.js';
import { Sender, type SenderEvents } from './sender.js';
import { greet } from './settings.js';
import { Stream, type StreamHost } from './stream.js';
import { StreamTable } from './stream-table.js';

export interface SessionOptions {
  readonly limits: Limits;
  /** What serves a request. It may answer it at once. */
  readonly route: (head: RequestHead) => OpenCall;
  /** Not taken, by one of the limits; the connection goes on. */
  readonly refused: (what: PastLimit) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export interface SessionHost {
  /** Something was written. */
  flush(): void;
  fail(error: ConnectionError): void;
  /** No stream is open, and none will be. */
  emptied(): void;
}

const CODE_BYTES = 4;

export class Session implements FrameSink, StreamHost, SenderEvents, ControlHost, IntakeHost {
  readonly sender: Sender;
  readonly held: Held;
  readonly maxMessageBytes: number;
  readonly maxAnswerBytes: number;
  readonly refused: (what: PastLimit) => void;
  private readonly host: SessionHost;
  private readonly limits: Limits;
  private readonly control: Control;
  private readonly intake: HeaderIntake;
  private readonly room: ReceiveWindow;
  private readonly streams = new StreamTable();
  private readonly idle: Budget;
  private readonly wasted: Budget;
  /** The peer's first frame has to be its settings. */
  private settled = false;
  /** Streams above it are refused: this server goes away. */
  private lastServed = Number.POSITIVE_INFINITY;
  private over = false;

  constructor(output: Output, host: SessionHost, { limits, route, refused, now }: SessionOptions) {
    this.host = host;
    this.limits = limits;
    this.held = { bytes: 0, maxBytes: limits.maxPartialBytes };
    this.maxMessageBytes = limits.maxMessageBytes;
    this.maxAnswerBytes = limits.maxAnswerBytes;
    this.refused = refused;
    this.sender = new Sender(output, limits.maxQueuedBytes, this);
    this.intake = new HeaderIntake(this, limits, route);
    this.room = new ReceiveWindow(output);
    this.idle = new Budget(limits.idleFrames, now);
    this.wasted = new Budget(limits.wastedStreams, now);
    this.control = new Control(output, this, this.idle);
    greet(output, limits);
  }

  /** @throws ConnectionError where the peer broke a rule of the connection. */
  frame(type: number, flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (this.over) return;
    try {
      this.dispatch(type, flags, id, bytes, start, end);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.spoiled(id, error.code);
    }
  }

  /** Takes no new streams, from the moment when the peer knows of it. */
  drain(): void {
    if (this.settled) this.control.announceDeparture();
    else this.departureHeard();
  }

  departureHeard(): void {
    this.lastServed = this.streams.lastId;
    this.control.depart(this.lastServed);
    if (this.streams.size === 0) this.host.emptied();
  }

  /** Says why it ends, and ends every call. */
  close(code: Code, text: string): void {
    if (this.over) return;
    this.control.goAway(this.streams.lastId, code, text);
    this.abandon();
  }

  /** Ends every call; there is nobody left to tell. */
  abandon(): void {
    this.over = true;
    for (const stream of [...this.streams.all()]) this.remove(stream, true);
  }

  worked(): void {
    this.idle.worked();
    this.wasted.worked();
  }

  flush(): void {
    this.host.flush();
  }

  overflow(queuedBytes: number): void {
    const text = `${queuedBytes} bytes of answers wait for a window`;
    this.host.fail(new ConnectionError(CODE.enhanceYourCalm, text));
  }

  sent(stream: Stream): void {
    // The client may stop talking: it has its answer.
    if (!stream.remoteClosed) this.sender.reset(stream.id, CODE.noError);
    this.remove(stream, !stream.remoteClosed);
  }

  useInitialWindow(bytes: number): void {
    this.sender.useInitialWindow(bytes, this.streams.all());
  }

  settingsTaken(): void {
    this.intake.settingsTaken();
  }

  /** @returns whether it opens a stream. */
  opens(id: number): boolean {
    if (id <= this.streams.lastId) return false;
    this.streams.lastId = id;
    return true;
  }

  /** @throws StreamError where there are enough streams. */
  request(id: number, endStream: boolean, request: Request): void {
    if (id > this.lastServed) return this.refuse(id);
    if (this.streams.size >= this.limits.maxStreams) {
      this.refused('stream');
      throw new StreamError(CODE.refusedStream, 'no more streams');
    }
    this.open(id, endStream, request);
  }

  trailers(id: number, endStream: boolean, headers: readonly Header[]): void {
    const stream = this.streams.get(id);
    if (stream === undefined) return this.late(id, 'HEADERS');
    if (stream.remoteClosed) throw new StreamError(CODE.streamClosed, 'HEADERS after the end of the stream');
    if (!endStream) throw new StreamError(CODE.protocolError, 'trailers that do not end the stream');
    checkTrailers(headers);
    stream.remoteEnd();
  }

  private dispatch(type: number, flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (!this.settled) this.settle(type, flags);
    if (this.intake.unfinished && type !== FRAME.continuation) {
      throw new ConnectionError(CODE.protocolError, `a frame of type ${type} inside a header block`);
    }
    switch (type) {
      case FRAME.data:
        return this.data(flags, id, bytes, start, end);
      case FRAME.headers:
        return this.intake.headers(flags, id, bytes, start, end);
      case FRAME.rstStream:
        return this.reset(id, start, end);
      case FRAME.continuation:
        return this.intake.continuation(flags, id, bytes, start, end);
      case FRAME.pushPromise:
        throw new ConnectionError(CODE.protocolError, 'clients do not push');
      default:
        this.control.charge();
        return this.idleFrame(type, flags, id, bytes, start, end);
    }
  }

  private idleFrame(type: number, flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (type === FRAME.windowUpdate) this.windowUpdate(id, bytes, start, end);
    else if (type === FRAME.ping) this.control.ping(flags, id, bytes, start, end);
    else if (type === FRAME.settings) this.control.settings(flags, id, bytes, start, end);
    else if (type === FRAME.priority) this.control.priority(id, bytes, start, end);
    else if (type === FRAME.goaway) this.control.goneAway(id, bytes, start, end);
    // Kinds that are not known are to be ignored.
  }

  private settle(type: number, flags: number): void {
    if (type !== FRAME.settings || (flags & FLAG.ack) !== 0) {
      throw new ConnectionError(CODE.protocolError, 'the first frame is not SETTINGS');
    }
    this.settled = true;
  }

  private open(id: number, endStream: boolean, request: Request): void {
    const stream = new Stream(id, request.contentLength, STREAM_WINDOW, this);
    this.streams.add(stream);
    stream.remoteClosed = endStream;
    stream.carry(request.open(stream));
    if (endStream) stream.remoteEnd();
  }

  private data(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    const size = end - start;
    const endStream = (flags & FLAG.endStream) !== 0;
    if (size === 0 && !endStream) this.control.charge();
    const padding = paddingOf(flags, bytes, start, end);
    this.room.take(size);
    const stream = this.streams.get(id);
    if (stream === undefined) return this.late(id, 'DATA');
    if (stream.remoteClosed) throw new StreamError(CODE.streamClosed, 'DATA after the end of the stream');
    this.room.takeOf(stream, size, endStream);
    const from = (flags & FLAG.padded) === 0 ? start : start + 1;
    stream.data(bytes, from, end - padding);
    if (endStream) stream.remoteEnd();
  }

  private reset(id: number, start: number, end: number): void {
    if (end - start !== CODE_BYTES) throw tooShort('RST_STREAM', end - start);
    const stream = this.streams.get(id);
    if (stream === undefined) {
      if (this.isIdle(id)) throw new ConnectionError(CODE.protocolError, `RST_STREAM on stream ${id}, never opened`);
      return this.control.charge();
    }
    // Envoy ends every stream like this: one that has done its work ends well.
    if (!stream.worked) this.waste();
    this.remove(stream, false);
  }

  private windowUpdate(id: number, bytes: Buffer, start: number, end: number): void {
    if (end - start !== CODE_BYTES) throw tooShort('WINDOW_UPDATE', end - start);
    const increment = uint31(bytes, start);
    if (id === 0) {
      if (increment === 0) throw new ConnectionError(CODE.protocolError, 'WINDOW_UPDATE by 0');
      this.sender.widen(increment);
      return;
    }
    const stream = this.streams.get(id);
    if (stream === undefined) {
      if (this.isIdle(id)) throw new ConnectionError(CODE.protocolError, `WINDOW_UPDATE on stream ${id}, never opened`);
      return;
    }
    if (increment === 0) throw new StreamError(CODE.protocolError, 'WINDOW_UPDATE by 0');
    this.sender.widenStream(stream, increment);
  }

  private isIdle(id: number): boolean {
    return id > this.streams.lastId || id % 2 === 0;
  }

  /** DATA or HEADERS where there is no stream. */
  private late(id: number, what: string): void {
    const absence = this.streams.absence(id);
    const harmless = absence === 'closed_by_us' || (absence === 'forgotten' && what === 'DATA');
    if (harmless) return this.control.charge();
    const closed = absence === 'closed_by_peer';
    throw new ConnectionError(closed ? CODE.streamClosed : CODE.protocolError, `${what} on stream ${id}: ${absence}`);
  }

  /** Came after we said that we go: it was not served, and its peer may ask somebody else. */
  private refuse(id: number): void {
    this.sender.reset(id, CODE.refusedStream);
    this.streams.remove(id, true);
  }

  /** Ends a stream for a mistake that its peer made on it. */
  private spoiled(id: number, code: Code): void {
    const stream = this.streams.get(id);
    if (stream?.worked !== true) this.waste();
    this.sender.reset(id, code);
    if (stream !== undefined) this.remove(stream, true);
    else this.streams.remove(id, true);
  }

  private waste(): void {
    if (!this.wasted.take()) {
      throw new ConnectionError(CODE.enhanceYourCalm, 'too many streams that ended before they brought a message');
    }
  }

  private remove(stream: Stream, byUs: boolean): void {
    if (!this.streams.remove(stream.id, byUs)) return;
    this.sender.forget(stream);
    stream.close();
    if (this.streams.size === 0 && this.lastServed !== Number.POSITIVE_INFINITY) this.host.emptied();
  }
}
