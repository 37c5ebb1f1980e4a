// What draining looks like on the wire; what it means is tested for both transports in grpc.test.ts.

import { describe, expect, it } from 'vitest';
import { CODE, FLAG, FRAME, HIGHEST_STREAM } from '../../../src/server/h2/protocol.js';
import { METHODS } from '../../../src/server/services.js';
import { eventually } from '../../support/eventually.js';
import { header, requestHeaders } from '../../wire/support/bytes.js';
import { start } from './support/direct.js';
import { data, frame, message, open, ping, reset } from './support/frames.js';
import { greeted, Peer } from './support/peer.js';

const REQUEST = message(requestHeaders([header(':path', '/a')]));

describe('a server that drains', () => {
  it('says so, with the last stream that it serves, and closes when that is over', async () => {
    const { server } = await start();
    const peer = await greeted(server.address);
    peer.send(open(1), data(1, REQUEST), open(3), data(3, REQUEST));
    await peer.said();
    const drained = server.drain(60_000);
    expect(await peer.goaway()).toMatchObject({ code: CODE.noError, lastId: HIGHEST_STREAM });
    expect(await peer.goaway()).toMatchObject({ code: CODE.noError, lastId: 3 });
    peer.send(data(1, REQUEST), reset(3));
    expect((await peer.answerOf(1)).length).toBeGreaterThan(0);
    peer.send(data(1, '', FLAG.endStream));
    expect(await peer.headersOf(1)).toEqual({ 'grpc-status': '0' });
    await peer.closed();
    await drained;
  });

  it('serves what was on its way before the peer knew', async () => {
    const { server } = await start();
    const peer = await greeted(server.address);
    peer.answersPings = false;
    const drained = server.drain(60_000);
    expect(await peer.goaway()).toMatchObject({ lastId: HIGHEST_STREAM });
    const asked = await peer.next(({ type }) => type === FRAME.ping);
    if (asked === null) throw new Error('no PING');
    // Some other PING's answer means nothing.
    peer.send(open(1), data(1, REQUEST), ping('another1', FLAG.ack), open(3), data(3, REQUEST));
    expect((await peer.answerOf(1)).length).toBeGreaterThan(0);
    expect((await peer.answerOf(3)).length).toBeGreaterThan(0);
    peer.send(frame(FRAME.ping, FLAG.ack, 0, asked.payload), open(5), data(5, REQUEST));
    expect(await peer.goaway()).toMatchObject({ code: CODE.noError, lastId: 3 });
    expect(await peer.resetOf(5)).toBe(CODE.refusedStream);
    // Heard twice is heard once.
    peer.send(frame(FRAME.ping, FLAG.ack, 0, asked.payload));
    expect((await peer.said()).map(({ type }) => type)).not.toContain(FRAME.goaway);
    peer.send(reset(1), reset(3));
    await peer.closed();
    await drained;
  });

  it('takes an answer to a PING that it did not send for nothing', async () => {
    const { server } = await start();
    const peer = await greeted(server.address);
    peer.send(ping('heard me', FLAG.ack), open(1), data(1, REQUEST));
    expect((await peer.answerOf(1)).length).toBeGreaterThan(0);
    expect((await peer.said()).map(({ type }) => type)).not.toContain(FRAME.goaway);
  });

  it('ends log streams and health watches that come while it goes', async () => {
    const { server } = await start();
    const peer = await greeted(server.address);
    peer.answersPings = false;
    const drained = server.drain(60_000);
    await peer.goaway();
    const logs = open(1, { ':path': METHODS.streamAccessLogs, 'x-sluice-role': null });
    const watch = open(3, { ':path': METHODS.healthWatch, 'x-sluice-role': null });
    peer.send(logs, watch, data(3, message(Buffer.alloc(0)), FLAG.endStream));
    // Headers, then trailers.
    for (const id of [1, 3]) await peer.headersOf(id);
    for (const id of [1, 3]) expect(await peer.headersOf(id)).toEqual({ 'grpc-status': '0' });
    peer.answersPings = true;
    const asked = await peer.next(({ type }) => type === FRAME.ping);
    peer.send(frame(FRAME.ping, FLAG.ack, 0, asked?.payload));
    await peer.closed();
    await drained;
  });

  it('closes a connection at once that has not said anything', async () => {
    const { server } = await start();
    const peer = new Peer(server.address);
    await peer.next(({ type }) => type === FRAME.settings);
    const drained = server.drain(60_000);
    expect(await peer.goaway()).toMatchObject({ lastId: 0 });
    await peer.closed();
    await drained;
  });

  it('cuts off a peer that does not answer its PING', async () => {
    const { server } = await start();
    const peer = await greeted(server.address);
    peer.answersPings = false;
    await server.drain(20);
    await peer.closed();
  });

  it('refuses later streams so that they can be tried elsewhere, however many, and serves the rest', async () => {
    const { server, handlers } = await start();
    const peer = await greeted(server.address);
    peer.send(open(1), data(1, REQUEST));
    await peer.said();
    const drained = server.drain(60_000);
    // The second one: from then on it refuses.
    for (const _ of [1, 2]) await peer.goaway();
    const later = Array.from({ length: 1_500 }, (_, i) => 3 + i * 2);
    peer.send(...later.flatMap((id) => [open(id), reset(id)]), data(1, REQUEST));
    expect(await peer.resetOf(3_001)).toBe(CODE.refusedStream);
    expect(handlers.length).toBe(1);
    peer.send(reset(1));
    await peer.closed();
    await drained;
  });

  it('closes a connection that has no stream as soon as the peer knows, and answers what follows with nothing', async () => {
    const { server } = await start();
    const peer = await greeted(server.address);
    const drained = server.drain(60_000);
    for (const lastId of [HIGHEST_STREAM, 0]) expect((await peer.goaway())?.lastId).toBe(lastId);
    peer.send(open(1), data(1, REQUEST));
    await peer.closed();
    expect(await peer.next(({ type }) => type === FRAME.headers)).toBeNull();
    await drained;
  });

  it('cuts off a peer that does not close its side', async () => {
    const { server, closed } = await start({ onMessage: () => undefined });
    const peer = await greeted(server.address);
    peer.send(open(1), data(1, REQUEST));
    await peer.said();
    await server.drain(20);
    expect(closed).toEqual(['admission']);
    await peer.closed();
  });
});

describe('a peer that goes away', () => {
  it.each([
    ['by closing its side', (end: () => void) => end()],
    ['by a reset', (_: () => void, destroy: () => void) => destroy()],
  ])('%s ends its calls', async (_, leave) => {
    const { server, closed, faults } = await start({ onMessage: () => undefined });
    const peer = await greeted(server.address);
    peer.send(open(1), data(1, REQUEST), open(3, { 'x-sluice-role': 'gate' }));
    await peer.said();
    leave(
      () => peer.socket.end(),
      () => peer.socket.resetAndDestroy(),
    );
    await eventually(() => expect(closed).toEqual(['admission', 'gate']));
    expect(faults).toEqual([]);
  });
});

describe('a bug of ours', () => {
  it('costs the connection, is reported, and the next connection works', async () => {
    let broken = true;
    const { server, faults } = await start({
      serving: () => {
        if (broken) throw new Error('a bug');
        return true;
      },
    });
    const check = [
      open(1, { ':path': '/grpc.health.v1.Health/Check' }),
      data(1, message(Buffer.alloc(0)), FLAG.endStream),
    ];
    const peer = await greeted(server.address);
    peer.send(...check);
    expect(await peer.goaway()).toMatchObject({ code: CODE.internalError, text: 'internal error' });
    expect(faults).toEqual([{ place: 'connection', error: new Error('a bug') }]);
    broken = false;
    const next = await greeted(server.address);
    next.send(...check);
    expect((await next.answerOf(1)).toString('hex')).toBe('0801');
  });
});
