// Each limit, exceeded; and what a busy Envoy does, which may not come near them.

import { describe, expect, it } from 'vitest';
import { encodeHeaders } from '../../../src/server/h2/hpack/encode.js';
import { LIMITS } from '../../../src/server/h2/limits.js';
import { CODE, FLAG, FRAME, PREFACE, SETTING } from '../../../src/server/h2/protocol.js';
import { STATUS } from '../../../src/server/h2/status.js';
import { eventually } from '../../support/eventually.js';
import { header, requestHeaders } from '../../wire/support/bytes.js';
import type { OnMessage } from '../support/harness.js';
import { start } from './support/direct.js';
import {
  block,
  data,
  frame,
  message,
  open,
  ping,
  requestList,
  reset,
  SETTINGS_ACK,
  settings,
  uint32,
  windowUpdate,
} from './support/frames.js';
import { greeted, Peer } from './support/peer.js';

const REQUEST = message(requestHeaders([header(':path', '/a')]));
const BLOCK = encodeHeaders(requestList());
const many = (count: number, bytes: Buffer) => Buffer.concat(Array<Buffer>(count).fill(bytes));
const ids = (count: number) => Array.from({ length: count }, (_, i) => i * 2 + 1);
const CALM = CODE.enhanceYourCalm;
const FLOOD = LIMITS.idleFrames.burst + 1_000;

/** 40 MB for 4,000 streams: more than the sockets of both sides take. */
const long: OnMessage = (_, { send }) =>
  send({ kind: 'continue_request', headers: { set: [['x', 'y'.repeat(10_000)]], remove: [] }, order: null });

describe('a flood of', () => {
  it.each([
    ['PING', [ping()]],
    ['answers to no PING', [ping('12345678', FLAG.ack)]],
    ['SETTINGS', [settings()]],
    ['acknowledgements', [SETTINGS_ACK]],
    ['PRIORITY', [frame(FRAME.priority, 0, 9, uint32(0, 0).subarray(0, 5))]],
    ['WINDOW_UPDATE', [windowUpdate(0, 1)]],
    ['frames of unknown kinds', [frame(99, 0, 0)]],
    ['empty DATA', [data(1, '')]],
    ['DATA on a stream that we ended', [data(3, REQUEST)]],
    ['RST_STREAM on a stream that is gone', [reset(3)]],
  ])('%s ends the connection', async (_, frames) => {
    const { server } = await start();
    const peer = await greeted(server.address);
    peer.send(open(1), open(3, { 'x-sluice-role': 'nobody' }), many(FLOOD, Buffer.concat(frames)));
    expect(await peer.goaway()).toMatchObject({ code: CALM, text: expect.stringContaining('no work') });
    await peer.closed();
  });

  it('streams reset before they brought a message ends the connection', async () => {
    const { server, opened, closed } = await start();
    const peer = await greeted(server.address);
    const streams = ids(LIMITS.wastedStreams.burst + 100);
    peer.send(...streams.flatMap((id) => [open(id), reset(id)]));
    expect(await peer.goaway()).toMatchObject({ code: CALM, text: expect.stringContaining('before they brought') });
    await peer.closed();
    await eventually(() => expect(closed.length).toBe(opened.length));
  });

  it('mistakes that make us reset streams ends the connection', async () => {
    const { server } = await start();
    const peer = await greeted(server.address);
    const streams = ids(LIMITS.wastedStreams.burst + 100);
    peer.send(...streams.flatMap((id) => [open(id), windowUpdate(id, 0)]));
    expect((await peer.goaway())?.code).toBe(CALM);
  });
});

describe('Envoy’s way to end streams', () => {
  it('is no flood: resets after an answer are free, however many', async () => {
    const { server, closed } = await start();
    const peer = await greeted(server.address);
    const count = 5_000;
    peer.send(windowUpdate(0, 2 ** 30), ...ids(count).flatMap((id) => [open(id), data(id, REQUEST), reset(id)]));
    const frames = await peer.said();
    expect(frames.filter(({ type }) => type === FRAME.data).length).toBe(count);
    expect(frames.filter(({ type }) => type === FRAME.goaway)).toEqual([]);
    expect(closed.length).toBe(count);
  });

  it('is no flood either while answers are held', async () => {
    const { server, closed } = await start({ onMessage: () => undefined });
    const peer = await greeted(server.address);
    peer.send(...ids(5_000).flatMap((id) => [open(id), data(id, REQUEST)]), ...ids(5_000).map((id) => reset(id)));
    expect(await peer.said()).toEqual([]);
    expect(closed.length).toBe(5_000);
  });

  it('earns it the frames that go with the work', async () => {
    const { server } = await start();
    const peer = await greeted(server.address);
    peer.send(...ids(5_000).flatMap((id) => [open(id), data(id, REQUEST), windowUpdate(0, 1), ping()]));
    const frames = await peer.said();
    expect(frames.filter(({ type }) => type === FRAME.ping).length).toBe(5_000);
  });
});

describe('streams', () => {
  it('beyond the limit are refused, and may come again when others have ended', async () => {
    const { server, handlers, refused } = await start({}, { maxStreams: 3 });
    const peer = await greeted(server.address);
    peer.send(open(1), open(3), open(5), open(7));
    expect(await peer.resetOf(7)).toBe(CODE.refusedStream);
    peer.send(reset(1), open(9));
    await peer.said();
    expect(handlers.length).toBe(4);
    expect(refused).toEqual(['stream']);
  });

  it('are announced with their limit', async () => {
    const { server } = await start({}, { maxStreams: 3 });
    const peer = new Peer(server.address);
    const first = await peer.next(({ type }) => type === FRAME.settings);
    expect(first?.payload.subarray(6, 12).toString('hex')).toBe('000300000003');
  });
});

describe('headers', () => {
  it('that a few bytes stand for are refused, and the connection goes on', async () => {
    const { server, refused } = await start({}, { headerTableBytes: 4_096 });
    const peer = await greeted(server.address);
    const indexed = Buffer.concat([Buffer.from([0x40]), encodeHeaders([['x', 'y'.repeat(1_000)]]).subarray(1)]);
    peer.send(block(1, Buffer.concat([BLOCK, indexed, Buffer.alloc(200, 0xbe)]), FLAG.endHeaders | FLAG.endStream));
    expect(await peer.headersOf(1)).toMatchObject({ ':status': '431' });
    peer.send(open(3), data(3, REQUEST));
    expect((await peer.headersOf(3))[':status']).toBe('200');
    expect(refused).toEqual(['headers']);
  });

  it('that are too long are refused and counted each time, though the same bytes are read but once', async () => {
    const { server, refused } = await start({}, { maxHeaderListBytes: 1_000 });
    const peer = await greeted(server.address);
    for (const id of [1, 3, 5]) {
      peer.send(open(id, { 'x-long': 'y'.repeat(1_000) }, FLAG.endStream));
      expect(await peer.headersOf(id)).toMatchObject({ ':status': '431' });
    }
    expect(refused).toEqual(['headers', 'headers', 'headers']);
  });

  it('that go on for ever end the connection', async () => {
    const { server, faults } = await start();
    const peer = await greeted(server.address);
    peer.send(block(1, BLOCK, 0), many(100, frame(FRAME.continuation, 0, 1)));
    expect((await peer.goaway())?.code).toBe(CALM);
    expect(faults.map(({ place }) => place)).toEqual(['connection']);
  });

  it('of more bytes than allowed end the connection, complete or not', async () => {
    const { server, faults } = await start();
    const peer = await greeted(server.address);
    peer.send(block(1, Buffer.alloc(16_000), 0), many(2, frame(FRAME.continuation, 0, 1, Buffer.alloc(16_000))));
    expect((await peer.goaway())?.code).toBe(CALM);
    expect(faults.map(({ place }) => place)).toEqual(['connection']);
  });
});

describe('messages', () => {
  it('that are compressed are refused as not implemented', async () => {
    const { server, refused } = await start();
    const peer = await greeted(server.address);
    peer.send(open(1), data(1, message(Buffer.from('x'), 1)));
    expect(await peer.headersOf(1)).toMatchObject({ 'grpc-status': String(STATUS.unimplemented) });
    expect(await peer.resetOf(1)).toBe(CODE.noError);
    expect(refused).toEqual([]);
  });

  it('that are announced too long are refused before they come', async () => {
    const { server, refused } = await start();
    const peer = await greeted(server.address);
    peer.send(open(1), data(1, Buffer.concat([Buffer.from([0]), uint32(LIMITS.maxMessageBytes + 1)])));
    expect(await peer.headersOf(1)).toMatchObject({ 'grpc-status': String(STATUS.resourceExhausted) });
    expect(refused).toEqual(['message']);
  });

  it('that would be too long as answers are not sent', async () => {
    const { server, refused } = await start({ onMessage: long }, { maxAnswerBytes: 5_000 });
    const peer = await greeted(server.address);
    peer.send(open(1), data(1, REQUEST));
    expect(await peer.headersOf(1)).toMatchObject({ 'grpc-status': String(STATUS.resourceExhausted) });
    expect(refused).toEqual(['message']);
  });

  it('that end in the middle fail their stream', async () => {
    const { server, closed } = await start();
    const peer = await greeted(server.address);
    peer.send(open(1), data(1, REQUEST.subarray(0, -1), FLAG.endStream));
    expect(await peer.headersOf(1)).toMatchObject({ 'grpc-status': String(STATUS.internal) });
    expect(closed).toEqual(['admission']);
  });

  it('of all streams together may not be held beyond the limit', async () => {
    const { server, refused } = await start({}, { maxPartialBytes: 20_000 });
    const peer = await greeted(server.address);
    const begun = message(Buffer.alloc(50_000)).subarray(0, 12_000);
    peer.send(open(1), data(1, begun), open(3), data(3, begun));
    expect(await peer.headersOf(3)).toMatchObject({ 'grpc-status': String(STATUS.resourceExhausted) });
    peer.send(reset(1), open(5), data(5, begun));
    expect(await peer.said()).toEqual([expect.objectContaining({ type: FRAME.rstStream, id: 3 })]);
    expect(refused).toEqual(['message']);
  });
});

describe('a peer', () => {
  it('that says nothing is cut off', async () => {
    const { server, faults } = await start({}, { prefaceMs: 20 });
    const peer = new Peer(server.address);
    await peer.closed();
    expect(String(faults[0]?.error)).toContain('said nothing');
  });

  it('that has spoken may be silent for as long as it likes', async () => {
    const { server } = await start({}, { prefaceMs: 20 });
    const peer = await greeted(server.address);
    const other = new Peer(server.address);
    await other.closed();
    expect(await peer.said()).toEqual([]);
  });

  it('that keeps its windows shut may not have answers pile up', async () => {
    const { server, closed, opened } = await start({}, { maxQueuedBytes: 2_000 });
    const peer = await greeted(server.address, Buffer.concat([PREFACE, settings([SETTING.initialWindowSize, 0])]));
    peer.send(open(1), many(500, data(1, REQUEST)));
    expect(await peer.goaway()).toMatchObject({ code: CALM, text: expect.stringContaining('wait for a window') });
    await eventually(() => expect(closed.length).toBe(opened.length));
  });

  it('that does not read is not read from, and is served when it does', async () => {
    const { server, handlers } = await start({ onMessage: long }, { pauseAboveBytes: 10_000 });
    const peer = await greeted(server.address);
    peer.socket.pause();
    const count = 4_000;
    peer.send(windowUpdate(0, 2 ** 30), ...ids(count).flatMap((id) => [open(id), data(id, REQUEST), reset(id)]));
    await eventually(() => expect(handlers.length).toBeGreaterThan(100));
    let before = -1;
    await eventually(() => {
      const since = handlers.length - before;
      before = handlers.length;
      if (since > 0) throw new Error('it still reads');
    });
    expect(handlers.length).toBeLessThan(count);
    peer.socket.resume();
    await eventually(() => expect(handlers.length).toBe(count), 20_000);
  }, 30_000);

  it('that never reads is cut off where that costs too much', async () => {
    const { server, faults } = await start({ onMessage: long }, { maxUnsentBytes: 50_000, pauseAboveBytes: 1e9 });
    const peer = await greeted(server.address);
    peer.socket.pause();
    peer.send(windowUpdate(0, 2 ** 30), ...ids(4_000).flatMap((id) => [open(id), data(id, REQUEST), reset(id)]));
    await eventually(() => expect(String(faults[0]?.error)).toContain('does not read'), 20_000);
  }, 30_000);

  it('too many is not taken', async () => {
    const { server, refused } = await start({}, { maxConnections: 1 });
    const first = await greeted(server.address);
    await new Peer(server.address).closed();
    expect(await first.said()).toEqual([]);
    expect(refused).toEqual(['connection']);
  });
});
