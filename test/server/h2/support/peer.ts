// A peer that says exactly what the test wants, frame by frame, over a real socket.

import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { parseAddress } from '../../../../src/server/address.js';
import { FrameReader, uint32 as readUint32, uint31 } from '../../../../src/server/h2/frame-reader.js';
import { HpackDecoder } from '../../../../src/server/h2/hpack/decoder.js';
import { FLAG, FRAME, PREFACE } from '../../../../src/server/h2/protocol.js';
import { type Frame, frame, HELLO, ping, SETTINGS_ACK } from './frames.js';

export class Peer {
  readonly socket: Socket;
  /** Frames that nobody has looked at. */
  private readonly arrived: Frame[] = [];
  private readonly waiting: (() => void)[] = [];
  private readonly decoder = new HpackDecoder(1024 * 1024);
  private over = false;
  private pings = 0;
  /** As HTTP/2 asks it to. */
  answersPings = true;

  constructor(address: string) {
    const where = parseAddress(address);
    this.socket = where.kind === 'unix' ? connect(where.path) : connect(where.port, where.host);
    const reader = new FrameReader({
      frame: (type, flags, id, bytes, start, end) => {
        const payload = Buffer.from(bytes.subarray(start, end));
        if (type === FRAME.ping && (flags & FLAG.ack) === 0 && this.answersPings)
          this.send(frame(type, FLAG.ack, 0, payload));
        else this.arrived.push({ type, flags, id, payload });
      },
    });
    reader.read(PREFACE);
    this.socket.on('data', (chunk: Buffer) => {
      reader.read(chunk);
      this.wake();
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.over = true;
      this.wake();
    });
    onTestFinished(() => void this.socket.destroy());
  }

  send(...frames: (Buffer | string)[]): void {
    this.socket.write(Buffer.concat(frames.map((bytes) => Buffer.from(bytes))));
  }

  /** The next frame that fits, which may have come long ago; null: the connection closed without it. */
  async next(fits: (frame: Frame) => boolean): Promise<Frame | null> {
    for (;;) {
      const at = this.arrived.findIndex(fits);
      if (at >= 0) return this.arrived.splice(at, 1)[0] ?? null;
      if (this.over) return null;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  /** Everything that came and was not looked at, up to the answer to a PING: all that is ever said on what was sent. */
  async said(): Promise<Frame[]> {
    const mark = `mark${String(this.pings++).padStart(4, '0')}`;
    this.send(ping(mark));
    const pong = await this.next(({ type, payload }) => type === FRAME.ping && payload.toString() === mark);
    if (pong === null) throw new Error('the connection is closed');
    return this.arrived.splice(0);
  }

  /** Code and text with which the server goes. */
  async goaway(): Promise<{ code: number; text: string; lastId: number } | null> {
    const frame = await this.next(({ type }) => type === FRAME.goaway);
    if (frame === null) return null;
    const { payload } = frame;
    return { lastId: uint31(payload, 0), code: readUint32(payload, 4), text: payload.toString('latin1', 8) };
  }

  /** The code with which the server ends a stream. */
  async resetOf(streamId: number): Promise<number | null> {
    const frame = await this.next(({ type, id }) => type === FRAME.rstStream && id === streamId);
    return frame === null ? null : readUint32(frame.payload, 0);
  }

  /** The next headers of a stream. */
  async headersOf(streamId: number): Promise<Record<string, string> & { ends?: never }> {
    const frame = await this.next(({ type, id }) => type === FRAME.headers && id === streamId);
    if (frame === null) throw new Error(`no headers on stream ${streamId}`);
    return Object.fromEntries(this.decoder.decode(frame.payload, 0, frame.payload.length).headers);
  }

  /** The next message of a stream, which lies in one frame. */
  async answerOf(streamId: number): Promise<Buffer> {
    const frame = await this.next(({ type, id }) => type === FRAME.data && id === streamId);
    if (frame === null) throw new Error(`no message on stream ${streamId}`);
    return frame.payload.subarray(5);
  }

  /** Resolves when the server has closed the connection. */
  async closed(): Promise<void> {
    await this.next(() => false);
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

/** One that has exchanged settings with the server. */
export async function greeted(address: string, hello: Buffer = HELLO): Promise<Peer> {
  const peer = new Peer(address);
  peer.send(hello, SETTINGS_ACK);
  await peer.next(({ type, flags }) => type === FRAME.settings && (flags & FLAG.ack) !== 0);
  await peer.said();
  return peer;
}
