// One stream: its state, its windows, and the call that it carries. It reads and writes nothing itself; the connection
// hands it what comes, and the sender takes what goes.

import type { Call, Form, Responder } from './call.js';
import { StreamError } from './errors.js';
import { type Held, MessageReader, type MessageSink, type Refusal } from './messages.js';
import { CODE } from './protocol.js';
import { NO_TRAILERS, type Queue, type Sender } from './sender.js';
import { httpBlock, OK_BLOCK, OK_ONLY_BLOCK, STATUS, type Status, trailersBlock, trailersOnlyBlock } from './status.js';

/** What a stream needs of its connection. */
export interface StreamHost {
  readonly sender: Sender;
  readonly held: Held;
  readonly maxMessageBytes: number;
  readonly maxAnswerBytes: number;
  /** A message was handed to a service. */
  worked(): void;
  refused(what: 'message'): void;
  /** Something was written: it leaves at the end of the read in progress, or now. */
  flush(): void;
}

const REFUSALS: Readonly<Record<Refusal, readonly [Status, string]>> = {
  compressed: [STATUS.unimplemented, 'compressed messages are not supported: turn compression off'],
  flag: [STATUS.internal, 'the flag of a message is neither 0 nor 1'],
  too_long: [STATUS.resourceExhausted, 'the message is too long'],
  too_much: [STATUS.resourceExhausted, 'too many unfinished messages on this connection'],
};

/** Bytes as they are. */
const READY: Form<Buffer> = {
  size: (message) => message.length,
  write: (message, bytes, at) => void bytes.set(message, at),
};

export class Stream implements Responder, MessageSink {
  readonly id: number;
  private readonly host: StreamHost;
  private readonly messages: MessageReader;
  private call: Call | null = null;
  /** Body bytes still to come, where they were announced. */
  private bodyLeft: number | null;
  /** Messages may still be sent. */
  private sending = true;
  sendWindow: number;
  receiveWindow: number;
  /** Answers that wait for a window. */
  queue: Queue | null = null;
  headersSent = false;
  /** The client has sent its last frame. */
  remoteClosed = false;
  /** We have. */
  localClosed = false;
  /** A message has reached its service: the stream was no waste of time. */
  worked = false;

  constructor(id: number, contentLength: number | null, receiveWindow: number, host: StreamHost) {
    this.id = id;
    this.host = host;
    this.bodyLeft = contentLength;
    this.sendWindow = host.sender.initialWindow;
    this.receiveWindow = receiveWindow;
    this.messages = new MessageReader(this, host.held, host.maxMessageBytes);
  }

  /** Somebody still listens to messages. */
  get open(): boolean {
    return this.call !== null;
  }

  /** Ties it to its call, which may be over already. */
  carry(call: Call): void {
    if (this.sending) this.call = call;
    else call.closed();
  }

  /** @throws StreamError for more body than was announced. */
  data(bytes: Buffer, start: number, end: number): void {
    if (this.bodyLeft !== null) {
      this.bodyLeft -= end - start;
      if (this.bodyLeft < 0) throw new StreamError(CODE.protocolError, 'more body than its content-length');
    }
    if (this.open) this.messages.read(bytes, start, end);
  }

  /** @throws StreamError for less body than was announced. */
  remoteEnd(): void {
    this.remoteClosed = true;
    if (this.bodyLeft !== null && this.bodyLeft > 0) {
      throw new StreamError(CODE.protocolError, 'less body than its content-length');
    }
    if (this.open && this.messages.unfinished) this.fail(STATUS.internal, 'the last message is cut short');
    this.call?.halfClosed();
  }

  /** However it ended: nothing is sent any more, and the call hears of it once. */
  close(): void {
    this.sending = false;
    this.messages.drop();
    const { call } = this;
    this.call = null;
    call?.closed();
  }

  message(bytes: Buffer, start: number, end: number): void {
    this.worked = true;
    this.host.worked();
    this.call?.message(bytes, start, end);
  }

  refuseMessage(why: Refusal): void {
    const [status, text] = REFUSALS[why];
    if (status === STATUS.resourceExhausted) this.host.refused('message');
    this.fail(status, text);
  }

  send(message: Buffer): void {
    this.write(message, READY);
  }

  write<Message>(message: Message, form: Form<Message>): void {
    if (!this.sending) return;
    const { maxAnswerBytes, sender } = this.host;
    const size = form.size(message);
    if (size > maxAnswerBytes) {
      this.host.refused('message');
      this.fail(STATUS.resourceExhausted, `an answer has ${size} bytes, allowed are ${maxAnswerBytes}`);
      return;
    }
    sender.message(this, message, form, size);
    this.host.flush();
  }

  end(): void {
    this.finish(this.headersSent ? OK_BLOCK : OK_ONLY_BLOCK);
  }

  fail(status: Status, text: string): void {
    this.finish(this.headersSent ? trailersBlock(status, text) : trailersOnlyBlock(status, text));
  }

  refuse(httpStatus: number, text: string): void {
    if (!this.sending) return;
    this.host.sender.plain(this, httpBlock(httpStatus), Buffer.from(text));
    this.finish(NO_TRAILERS);
  }

  private finish(trailers: Buffer): void {
    if (!this.sending) return;
    this.close();
    this.host.sender.end(this, trailers);
    this.host.flush();
  }
}
