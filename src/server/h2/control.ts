// The frames that are about the connection and not about one stream: SETTINGS, PING, PRIORITY, GOAWAY, and kinds that
// nobody knows. Most want an answer or a look and bring no work along, so each is charged to a budget.

import { ConnectionError } from './errors.js';
import { uint32 } from './frame-reader.js';
import type { Output } from './output.js';
import { checkPriority, tooShort } from './padding.js';
import { CODE, type Code, FLAG, FRAME, HIGHEST_STREAM } from './protocol.js';
import type { Budget } from './rate.js';
import { readInitialWindow } from './settings.js';

const PING_BYTES = 8;
const PRIORITY_BYTES = 5;
const GOAWAY_BYTES = 8;
const MAX_DEBUG_BYTES = 256;
const GOING = 'going away';
/** Content of the PING whose answer says that the peer has heard of it. */
const HEARD = Buffer.from('heard me');

/** What settings change elsewhere. */
export interface ControlHost {
  useInitialWindow(bytes: number): void;
  /** The peer works by our settings from now on. */
  settingsTaken(): void;
  /** The peer knows that we go: every stream that it opened before it knew has arrived. */
  departureHeard(): void;
}

export class Control {
  private readonly output: Output;
  private readonly host: ControlHost;
  private readonly idle: Budget;
  /** Settings of ours that the peer has not acknowledged: we send them once. */
  private unacknowledged = 1;
  /** Our departure, which the peer has not heard of. */
  private announced = false;

  constructor(output: Output, host: ControlHost, idle: Budget) {
    this.output = output;
    this.host = host;
    this.idle = idle;
  }

  /** @throws ConnectionError where there were too many of these of late. */
  charge(): void {
    if (!this.idle.take()) throw new ConnectionError(CODE.enhanceYourCalm, 'too many frames that bring no work');
  }

  settings(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    onConnection('SETTINGS', streamId);
    if ((flags & FLAG.ack) !== 0) return this.acknowledged(end - start);
    const initialWindow = readInitialWindow(bytes, start, end);
    // First, so that the peer knows by which settings the frames behind it were sent.
    this.output.frame(0, FRAME.settings, FLAG.ack, 0);
    if (initialWindow !== null) this.host.useInitialWindow(initialWindow);
  }

  ping(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    onConnection('PING', streamId);
    if (end - start !== PING_BYTES) throw tooShort('PING', end - start);
    if ((flags & FLAG.ack) !== 0) return this.answered(bytes, start, end);
    this.output.frame(PING_BYTES, FRAME.ping, FLAG.ack, 0);
    this.output.bytes(bytes.subarray(start, end));
  }

  /** Streams here are answered as they come: what a peer thinks of their order is checked, and forgotten. */
  priority(streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId === 0) throw new ConnectionError(CODE.protocolError, 'PRIORITY on no stream');
    if (end - start !== PRIORITY_BYTES) throw tooShort('PRIORITY', end - start);
    checkPriority(streamId, bytes, start);
  }

  /** The peer will open no more streams. Those that are open go on, and the connection ends when the peer closes it. */
  goneAway(streamId: number, bytes: Buffer, start: number, end: number): void {
    onConnection('GOAWAY', streamId);
    if (end - start < GOAWAY_BYTES) throw tooShort('GOAWAY', end - start);
    const code = uint32(bytes, start + 4);
    if (code !== CODE.noError) {
      const text = bytes.toString('latin1', start + GOAWAY_BYTES, end).slice(0, MAX_DEBUG_BYTES);
      throw new ConnectionError(CODE.noError, `the peer gives up with code ${code}: ${JSON.stringify(text)}`);
    }
  }

  /**
   * The first of two steps (RFC 9113, section 6.8): no streams are to be opened any more, and those that are on their way
   * still count. The second one follows when the peer has heard of it.
   */
  announceDeparture(): void {
    this.goAway(HIGHEST_STREAM, CODE.noError, GOING);
    this.output.frame(PING_BYTES, FRAME.ping, 0, 0);
    this.output.bytes(HEARD);
    this.announced = true;
  }

  /** The second step: streams above this one are not served. */
  depart(lastStreamId: number): void {
    this.announced = false;
    this.goAway(lastStreamId, CODE.noError, GOING);
  }

  goAway(lastStreamId: number, code: Code, text: string): void {
    const debug = Buffer.from(text).subarray(0, MAX_DEBUG_BYTES);
    this.output.frame(GOAWAY_BYTES + debug.length, FRAME.goaway, 0, 0);
    this.output.uint32(lastStreamId);
    this.output.uint32(code);
    this.output.bytes(debug);
  }

  private answered(bytes: Buffer, start: number, end: number): void {
    if (this.announced && HEARD.equals(bytes.subarray(start, end))) this.host.departureHeard();
  }

  private acknowledged(bytes: number): void {
    if (bytes > 0) throw tooShort('an acknowledgement of SETTINGS', bytes);
    if (this.unacknowledged === 0) return;
    this.unacknowledged--;
    this.host.settingsTaken();
  }
}

function onConnection(what: string, streamId: number): void {
  if (streamId !== 0) throw new ConnectionError(CODE.protocolError, `${what} on stream ${streamId}`);
}
