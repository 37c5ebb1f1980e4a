// Speaks to Sluice as a busy Envoy does, over one connection and as fast as it is answered: what Sluice itself costs, kernel
// included, and what it holds after millions of requests, on machines where Envoy would take an hour for them.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { FLAG, FRAME } from '../../../src/server/h2/protocol.js';
import { METHODS } from '../../../src/server/services.js';
import { data, HELLO, open, SETTINGS_ACK, settings, windowUpdate } from '../../server/h2/support/frames.js';
import { logEntries, REQUEST, RESPONSE } from './messages.js';

/** Requests whose messages come in one read. */
const BATCH = 8;
/** Batches under way at a time. */
const DEPTH = 4;
const INITIAL_WINDOW = 4;
const WIDE = 2 ** 30;
const HEAD_BYTES = 9;
const LOG_STREAM = 1;
const FIRST_STREAM = 3;
const ID_HEADER = Buffer.from('x-sluice-id');

/** Frames for one batch, as they are for the streams 0, 2, 4, ...: the numbers are put in for each. */
class Template {
  readonly #bytes: Buffer;
  readonly #places: number[] = [];

  constructor(frames: readonly Buffer[]) {
    this.#bytes = Buffer.concat(Array.from({ length: BATCH }, () => frames).flat());
    for (let at = 0; at < this.#bytes.length; at += HEAD_BYTES + this.#bytes.readUIntBE(at, 3))
      this.#places.push(at + 5);
  }

  of(firstStream: number): Buffer {
    const bytes = Buffer.from(this.#bytes);
    const each = this.#places.length / BATCH;
    for (const [index, at] of this.#places.entries()) {
      bytes.writeUInt32BE(firstStream + 2 * Math.floor(index / each), at);
    }
    return bytes;
  }
}

const ASKS = new Template([open(0), data(0, REQUEST)]);
const ANSWERED = new Template([data(0, RESPONSE)]);
const ENDS = new Template([data(0, '', FLAG.endStream)]);

interface Batch {
  readonly firstStream: number;
  readonly ids: string[];
  /** Answers of the phase that are still to come. */
  left: number;
  phase: 0 | 1 | 2;
}

/** One connection. `more` may be called again and again. */
export class Flood {
  readonly #socket: Socket;
  readonly #logs: boolean;
  readonly #batches = new Map<number, Batch>();
  #nextStream = FIRST_STREAM;
  #rest = Buffer.alloc(0);
  #wanted = 0;
  #done = 0;
  #sinceUpdate = 0;
  #finish: { resolve: () => void; reject: (error: Error) => void } | null = null;

  /** `address`: `host:port`. `logs`: send the log entries of every request as well. */
  static async to(address: string, logs: boolean): Promise<Flood> {
    const [host = '', port = ''] = address.split(':');
    const socket = connect(Number(port), host);
    await once(socket, 'connect');
    return new Flood(socket, logs);
  }

  private constructor(socket: Socket, logs: boolean) {
    this.#logs = logs;
    this.#socket = socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('close', () => this.#finish?.reject(new Error('Sluice has closed the connection')));
    socket.write(Buffer.concat([HELLO, settings([INITIAL_WINDOW, WIDE]), SETTINGS_ACK, windowUpdate(0, WIDE)]));
    if (logs) socket.write(open(LOG_STREAM, { ':path': METHODS.streamAccessLogs, 'x-sluice-role': null }));
  }

  /** Resolves when so many more requests are over. @throws Error where the connection ends before. */
  async more(requests: number): Promise<void> {
    this.#wanted = this.#done + requests;
    const over = new Promise<void>((resolve, reject) => {
      this.#finish = { resolve, reject };
    });
    for (let batch = 0; batch < DEPTH; batch++) this.#start();
    await over;
  }

  stop(): void {
    this.#finish = null;
    this.#socket.destroy();
  }

  #start(): void {
    const firstStream = this.#nextStream;
    this.#nextStream += 2 * BATCH;
    this.#batches.set(numberOf(firstStream), { firstStream, ids: [], left: BATCH, phase: 0 });
    this.#socket.write(ASKS.of(firstStream));
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (bytes.length - at >= HEAD_BYTES) {
      const end = at + HEAD_BYTES + bytes.readUIntBE(at, 3);
      if (end > bytes.length) break;
      this.#frame(bytes, at, end);
      at = end;
    }
    this.#rest = Buffer.from(bytes.subarray(at));
    this.#widen(chunk.length);
  }

  #widen(bytes: number): void {
    this.#sinceUpdate += bytes;
    if (this.#sinceUpdate < WIDE / 2) return;
    this.#socket.write(windowUpdate(0, this.#sinceUpdate));
    this.#sinceUpdate = 0;
  }

  #frame(bytes: Buffer, at: number, end: number): void {
    const type = bytes[at + 3];
    const ends = ((bytes[at + 4] ?? 0) & FLAG.endStream) !== 0;
    const stream = bytes.readUInt32BE(at + 5);
    if (type === FRAME.rstStream || type === FRAME.goaway) {
      this.#finish?.reject(new Error(`a frame of type ${type} on stream ${stream}`));
    }
    const batch = stream < FIRST_STREAM ? undefined : this.#batches.get(numberOf(stream));
    if (batch === undefined) return;
    if (type === FRAME.data && batch.phase === 0) batch.ids.push(idIn(bytes, at, end));
    if (type === FRAME.data ? batch.phase < 2 : ends) batch.left -= 1;
    if (batch.left === 0) this.#next(batch);
  }

  #next(batch: Batch): void {
    if (batch.phase < 2) {
      this.#socket.write((batch.phase === 0 ? ANSWERED : ENDS).of(batch.firstStream));
      batch.phase += 1;
      batch.left = BATCH;
      return;
    }
    this.#batches.delete(numberOf(batch.firstStream));
    if (this.#logs) this.#socket.write(data(LOG_STREAM, logEntries(batch.ids)));
    this.#done += BATCH;
    if (this.#done + this.#batches.size * BATCH < this.#wanted) this.#start();
    else if (this.#batches.size === 0) this.#finish?.resolve();
  }
}

/** Of a batch, by any of its streams. */
function numberOf(stream: number): number {
  return Math.floor((stream - FIRST_STREAM) / (2 * BATCH));
}

function idIn(bytes: Buffer, at: number, end: number): string {
  const found = bytes.indexOf(ID_HEADER, at);
  if (found < 0 || found > end) throw new Error('an answer without an id: the request was not admitted');
  // After the name: the tag of the value, its length, the value.
  const start = found + ID_HEADER.length + 2;
  return bytes.toString('latin1', start, start + (bytes[start - 1] ?? 0));
}
