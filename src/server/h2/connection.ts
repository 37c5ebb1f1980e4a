// A session on its socket: reads only as fast as the peer takes the answers, writes once per read, and knows how to
// leave.

import type { Socket } from 'node:net';
import { ConnectionError } from './errors.js';
import { FrameReader } from './frame-reader.js';
import type { Limits } from './limits.js';
import { Output } from './output.js';
import { CODE } from './protocol.js';
import { Session, type SessionHost, type SessionOptions } from './session.js';

export interface ConnectionOptions extends SessionOptions {
  /** The connection ends because of it: the peer broke a rule, or there is a bug here. */
  readonly fault: (error: unknown) => void;
  /** Once, when the socket is gone. */
  readonly closed: (connection: Connection) => void;
}

/** For the peer to take our last words and to close its side. */
const LINGER_MS = 1_000;
/** The kernel asks after a peer that says nothing, in case its machine is gone. */
const KEEPALIVE_MS = 60_000;

export class Connection implements SessionHost {
  private readonly socket: Socket;
  private readonly options: ConnectionOptions;
  private readonly limits: Limits;
  private readonly output: Output;
  private readonly session: Session;
  private readonly reader: FrameReader;
  private readonly prefaceTimer: NodeJS.Timeout;
  private leaving = false;
  /** A read is being worked on: what is written leaves at its end. */
  private corked = false;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.socket = socket;
    this.options = options;
    this.limits = options.limits;
    this.output = new Output(socket);
    this.session = new Session(this.output, this, options);
    this.reader = new FrameReader(this.session);
    this.prefaceTimer = setTimeout(() => this.noPreface(), options.limits.prefaceMs).unref();
    this.listen();
    this.flush();
  }

  /** Takes no new streams, and closes when the last one is over. */
  drain(): void {
    if (this.leaving) return;
    this.session.drain();
    this.flush();
  }

  /** Cuts it off: every call is over when this returns. */
  destroy(): void {
    this.session.abandon();
    this.socket.destroy();
  }

  flush(): void {
    if (this.corked || this.leaving) return;
    this.output.flush();
    const unsent = this.output.unsentBytes;
    if (unsent > this.limits.maxUnsentBytes) {
      this.fail(new ConnectionError(CODE.enhanceYourCalm, `the peer does not read: ${unsent} bytes are unsent`));
      this.destroy();
    } else if (unsent > this.limits.pauseAboveBytes) {
      this.socket.pause();
    }
  }

  fail(error: unknown): void {
    if (this.leaving) return;
    this.options.fault(error);
    const known = error instanceof ConnectionError;
    this.session.close(known ? error.code : CODE.internalError, known ? error.message : 'internal error');
    this.leave();
  }

  emptied(): void {
    this.session.abandon();
    this.leave();
  }

  private listen(): void {
    const { socket } = this;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEPALIVE_MS);
    socket.on('data', (chunk: Buffer) => this.read(chunk));
    socket.on('drain', () => socket.resume());
    socket.on('end', () => this.peerLeft());
    // What it means is said by `close`, which follows.
    socket.on('error', () => undefined);
    socket.on('close', () => this.gone());
  }

  private read(chunk: Buffer): void {
    if (this.leaving) return;
    this.corked = true;
    try {
      this.reader.read(chunk);
    } catch (error) {
      this.fail(error);
    }
    this.corked = false;
    if (this.reader.greeted) clearTimeout(this.prefaceTimer);
    this.flush();
  }

  private noPreface(): void {
    this.fail(new ConnectionError(CODE.protocolError, 'the peer said nothing, or not that it speaks HTTP/2'));
  }

  private peerLeft(): void {
    this.session.abandon();
    this.leave();
  }

  /** What is written still goes out; then, or at the latest a little later, the socket is closed. */
  private leave(): void {
    if (this.leaving) return;
    this.leaving = true;
    clearTimeout(this.prefaceTimer);
    this.output.flush();
    this.socket.end();
    // Whatever still comes is not looked at, but has to be read, or the kernel drops our last words with it.
    this.socket.resume();
    setTimeout(() => this.socket.destroy(), LINGER_MS).unref();
  }

  private gone(): void {
    clearTimeout(this.prefaceTimer);
    this.leaving = true;
    this.session.abandon();
    this.options.closed(this);
  }
}
