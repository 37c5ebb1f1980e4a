// Windows, both ways (RFC 9113, section 5.2).

import { describe, expect, it } from 'vitest';
import { CONNECTION_WINDOW, STREAM_WINDOW } from '../../../src/server/h2/limits.js';
import {
  CODE,
  DEFAULT_WINDOW,
  FLAG,
  FRAME,
  MAX_FRAME_BYTES,
  PREFACE,
  SETTING,
} from '../../../src/server/h2/protocol.js';
import { header, requestHeaders } from '../../wire/support/bytes.js';
import { recorded } from '../../wire/support/recorded.js';
import type { FakeHandler, OnMessage } from '../support/harness.js';
import { start } from './support/direct.js';
import { data, type Frame, message, open, reset, settings, windowUpdate } from './support/frames.js';
import { greeted, type Peer } from './support/peer.js';

const REQUEST = message(requestHeaders([header(':path', '/a')]));
const END = FLAG.endStream;
const LOGS = { ':path': '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs', 'x-sluice-role': null };

/** Answers with so many bytes, and some. */
const long =
  (bytes: number): OnMessage =>
  (_, { send }: FakeHandler) => {
    send({ kind: 'continue_request', headers: { set: [['x', 'y'.repeat(bytes)]], remove: [] }, order: null });
  };

const withWindow = (bytes: number) => Buffer.concat([PREFACE, settings([SETTING.initialWindowSize, bytes])]);
const dataOf = (frames: readonly Frame[], id = 1) =>
  frames.filter((frame) => frame.type === FRAME.data && frame.id === id);
const bytesOf = (frames: readonly Frame[], id = 1) => Buffer.concat(dataOf(frames, id).map(({ payload }) => payload));

async function bytesSaid(peer: Peer): Promise<number> {
  return bytesOf(await peer.said()).length;
}

describe('what is sent', () => {
  it('waits for the window of its stream, byte by byte if need be, and comes out whole', async () => {
    const { server } = await start({ onMessage: long(20) });
    const peer = await greeted(server.address, withWindow(0));
    peer.send(open(1), data(1, REQUEST));
    const first = await peer.said();
    expect(first.map(({ type }) => type)).toEqual([FRAME.headers]);
    const pieces: Buffer[] = [];
    for (let i = 0; i < 10; i++) {
      peer.send(windowUpdate(1, 1));
      const said = await peer.said();
      expect(dataOf(said).map(({ payload }) => payload.length)).toEqual([1]);
      pieces.push(bytesOf(said));
    }
    peer.send(windowUpdate(1, 1_000));
    pieces.push(bytesOf(await peer.said()));
    const whole = Buffer.concat(pieces);
    expect(whole.readUInt32BE(1)).toBe(whole.length - 5);
    expect(whole.includes('y'.repeat(20))).toBe(true);
  });

  it('waits for the window of the connection, and others wait behind it in turn', async () => {
    const { server } = await start({ onMessage: long(40_000) });
    const peer = await greeted(server.address, withWindow(2 ** 20));
    peer.send(open(1), data(1, REQUEST), open(3), data(3, REQUEST));
    const first = await peer.said();
    expect(bytesOf(first, 1).length + bytesOf(first, 3).length).toBe(DEFAULT_WINDOW);
    expect(bytesOf(first, 1).length).toBeGreaterThan(40_000);
    peer.send(windowUpdate(0, 1_000_000));
    expect(bytesOf(await peer.said(), 3).length).toBeGreaterThan(10_000);
  });

  it('is cut into frames that every peer takes', async () => {
    const { server } = await start({ onMessage: long(50_000) });
    const peer = await greeted(server.address);
    peer.send(open(1), data(1, REQUEST));
    const sizes = dataOf(await peer.said()).map(({ payload }) => payload.length);
    expect(sizes.slice(0, -1)).toEqual([MAX_FRAME_BYTES, MAX_FRAME_BYTES, MAX_FRAME_BYTES]);
  });

  it('goes on when the peer’s settings widen the windows of open streams', async () => {
    const { server } = await start({ onMessage: long(20) });
    const peer = await greeted(server.address, withWindow(3));
    peer.send(open(1), data(1, REQUEST));
    expect(await bytesSaid(peer)).toBe(3);
    peer.send(settings([SETTING.initialWindowSize, 10]));
    expect(await bytesSaid(peer)).toBe(7);
  });

  it('stops when settings make a window negative, until it is positive again', async () => {
    const { server } = await start({ onMessage: long(20) });
    const peer = await greeted(server.address, withWindow(10));
    peer.send(open(1), data(1, REQUEST));
    expect(await bytesSaid(peer)).toBe(10);
    peer.send(settings([SETTING.initialWindowSize, 0]), windowUpdate(1, 10));
    expect(await bytesSaid(peer)).toBe(0);
    peer.send(windowUpdate(1, 1));
    expect(await bytesSaid(peer)).toBe(1);
  });

  it('ends after everything that waited', async () => {
    const { server, closed } = await start({ onMessage: long(20) });
    const peer = await greeted(server.address, withWindow(1));
    peer.send(open(1), data(1, REQUEST, END));
    expect((await peer.said()).map(({ type, flags }) => [type, flags & END])).toEqual([
      [FRAME.headers, 0],
      [FRAME.data, 0],
    ]);
    expect(closed).toEqual(['admission']);
    peer.send(windowUpdate(1, 1_000));
    expect((await peer.said()).map(({ type, flags }) => [type, flags & END])).toEqual([
      [FRAME.data, 0],
      [FRAME.headers, END],
    ]);
  });

  it('is dropped with its stream, and the next has the room', async () => {
    const { server } = await start({ onMessage: long(20) }, { maxQueuedBytes: 100 });
    const peer = await greeted(server.address, withWindow(0));
    for (let id = 1; id < 100; id += 2) peer.send(open(id), data(id, REQUEST), reset(id));
    peer.send(open(101), data(101, REQUEST), windowUpdate(101, 1_000));
    expect(bytesOf(await peer.said(), 101).length).toBeGreaterThan(20);
  });

  it('may have a window of 2^31-1 bytes, and none that is wider', async () => {
    const { server } = await start();
    const peer = await greeted(server.address);
    peer.send(open(1), windowUpdate(1, 2 ** 31 - 1 - DEFAULT_WINDOW));
    expect(await peer.said()).toEqual([]);
    peer.send(windowUpdate(1, 1));
    expect(await peer.resetOf(1)).toBe(CODE.flowControlError);
    peer.send(open(3), windowUpdate(3, 2 ** 31 - 1 - DEFAULT_WINDOW), settings([SETTING.initialWindowSize, 65_536]));
    expect((await peer.goaway())?.code).toBe(CODE.flowControlError);
  });
});

describe('what is received', () => {
  it('on a stream that lasts gets room again and again', async () => {
    const { server, entries } = await start();
    const peer = await greeted(server.address);
    const [logs = Buffer.alloc(0)] = recorded('ok', 'log');
    const bytes = message(logs);
    const count = Math.ceil((2 * CONNECTION_WINDOW) / bytes.length);
    peer.send(open(1, LOGS));
    let [stream, connection] = [0, 0];
    for (let sent = 0; sent < count; sent += 200) {
      for (let i = 0; i < 200; i++) peer.send(data(1, bytes));
      const updates = (await peer.said()).filter(({ type }) => type === FRAME.windowUpdate);
      for (const { id, payload } of updates) {
        if (id === 1) stream += payload.readUInt32BE();
        else connection += payload.readUInt32BE();
      }
    }
    const total = Math.ceil(count / 200) * 200 * bytes.length;
    expect(total - stream).toBeLessThan(STREAM_WINDOW);
    expect(total - connection).toBeLessThan(CONNECTION_WINDOW);
    expect(entries.length).toBe(Math.ceil(count / 200) * 400);
  }, 30_000);

  it('beyond the window of its stream ends the stream', async () => {
    const { server } = await start();
    const peer = await greeted(server.address);
    const whole = Math.floor(STREAM_WINDOW / MAX_FRAME_BYTES);
    // One that is not gRPC is heard out, and its window is not widened after its end: half of it is never given back.
    peer.send(open(1, { 'content-type': 'text/plain' }));
    for (let i = 0; i < whole / 2 - 1; i++) peer.send(data(1, Buffer.alloc(MAX_FRAME_BYTES)));
    expect(await peer.said()).toEqual([]);
    peer.send(data(1, Buffer.alloc(MAX_FRAME_BYTES)));
    expect((await peer.said()).map(({ type, id }) => [type, id])).toEqual([[FRAME.windowUpdate, 1]]);
  });

  it('counts its padding', async () => {
    const { server } = await start();
    const peer = await greeted(server.address);
    peer.send(open(1, LOGS));
    const padded = Buffer.concat([Buffer.from([255]), Buffer.alloc(255)]);
    const count = Math.ceil(STREAM_WINDOW / 2 / padded.length);
    for (let i = 0; i < count; i++) peer.send(data(1, padded, FLAG.padded));
    expect((await peer.said()).filter(({ type }) => type === FRAME.windowUpdate)).toHaveLength(1);
  });
});
