// What each frame may and may not be, against a running server.

import { describe, expect, it } from 'vitest';
import { encodeHeaders } from '../../../src/server/h2/hpack/encode.js';
import { CODE, FLAG, FRAME, SETTING } from '../../../src/server/h2/protocol.js';
import { header, requestHeaders } from '../../wire/support/bytes.js';
import { start } from './support/direct.js';
import {
  block,
  data,
  frame,
  HELLO,
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
const END = FLAG.endStream;

/** What follows the settings of both sides. */
async function conversation(...frames: Buffer[]): Promise<Peer> {
  const { server } = await start();
  const peer = await greeted(server.address);
  peer.send(...frames);
  return peer;
}

describe('the beginning of a connection', () => {
  it('is our settings and a wide window', async () => {
    const { server } = await start();
    const peer = new Peer(server.address);
    const first = await peer.next(() => true);
    expect([first?.type, first?.flags, first?.id]).toEqual([FRAME.settings, 0, 0]);
    expect(first?.payload.subarray(0, 6).toString('hex')).toBe('000100000000');
    expect((await peer.next(() => true))?.type).toBe(FRAME.windowUpdate);
  });

  it('may come in one piece with the first request', async () => {
    const { server } = await start();
    const peer = new Peer(server.address);
    peer.send(HELLO, SETTINGS_ACK, open(1), data(1, REQUEST));
    expect((await peer.headersOf(1))[':status']).toBe('200');
  });

  it.each([
    ['not HTTP/2', Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n')],
    ['a frame that is no settings', Buffer.concat([HELLO.subarray(0, 24), ping()])],
    ['an acknowledgement', Buffer.concat([HELLO.subarray(0, 24), SETTINGS_ACK])],
  ])('that is %s ends it, and is reported', async (_, bytes) => {
    const { server, faults } = await start();
    const peer = new Peer(server.address);
    peer.send(bytes);
    expect((await peer.goaway())?.code).toBe(CODE.protocolError);
    await peer.closed();
    expect(faults).toEqual([{ place: 'connection', error: expect.objectContaining({ name: 'ConnectionError' }) }]);
  });
});

describe('PING', () => {
  it('is answered with the same bytes', async () => {
    const peer = await conversation(ping('abcdefgh'));
    const [answer] = await peer.said();
    expect(answer).toEqual({ type: FRAME.ping, flags: FLAG.ack, id: 0, payload: Buffer.from('abcdefgh') });
  });

  it('that is an answer is not', async () => {
    const peer = await conversation(ping('abcdefgh', FLAG.ack));
    expect(await peer.said()).toEqual([]);
  });
});

describe('frames of kinds that nobody knows', () => {
  it('are ignored, on the connection, on open and on idle streams', async () => {
    const unknown = (id: number) => frame(0xfe, 0xff, id, 'whatever');
    const peer = await conversation(unknown(0), open(1), unknown(1), unknown(99), data(1, REQUEST));
    expect((await peer.headersOf(1))[':status']).toBe('200');
  });

  it('are not inside a header block', async () => {
    const peer = await conversation(block(1, BLOCK, 0), frame(0xfe, 0, 1));
    expect((await peer.goaway())?.code).toBe(CODE.protocolError);
  });
});

describe('a request', () => {
  it.each([
    ['padded', block(1, Buffer.concat([Buffer.from([3]), BLOCK, Buffer.alloc(3)]), FLAG.endHeaders | FLAG.padded)],
    ['with a priority', block(1, Buffer.concat([uint32(0), Buffer.from([9]), BLOCK]), FLAG.endHeaders | FLAG.priority)],
    [
      'with both',
      block(
        1,
        Buffer.concat([Buffer.from([2]), uint32(2 ** 31 + 7), Buffer.from([9]), BLOCK, Buffer.alloc(2)]),
        FLAG.endHeaders | FLAG.padded | FLAG.priority,
      ),
    ],
    [
      'in pieces',
      Buffer.concat([
        block(1, BLOCK.subarray(0, 5), 0),
        frame(FRAME.continuation, 0, 1, BLOCK.subarray(5, 9)),
        frame(FRAME.continuation, 0, 1),
        frame(FRAME.continuation, FLAG.endHeaders, 1, BLOCK.subarray(9)),
      ]),
    ],
  ])('may come %s', async (_, bytes) => {
    const peer = await conversation(bytes, data(1, REQUEST));
    expect((await peer.headersOf(1))[':status']).toBe('200');
    expect((await peer.answerOf(1)).length).toBeGreaterThan(0);
  });

  it('may bring its messages in padded frames', async () => {
    const padded = Buffer.concat([Buffer.from([4]), REQUEST, Buffer.alloc(4)]);
    const peer = await conversation(open(1), data(1, padded, FLAG.padded));
    expect((await peer.answerOf(1)).length).toBeGreaterThan(0);
  });

  it('may end with trailers, which end the call', async () => {
    const trailers = block(1, encodeHeaders([['x-done', '1']]), FLAG.endHeaders | END);
    const peer = await conversation(open(1), data(1, REQUEST), trailers);
    await peer.answerOf(1);
    await peer.headersOf(1);
    expect(await peer.headersOf(1)).toEqual({ 'grpc-status': '0' });
  });

  it('that is malformed costs its stream only', async () => {
    const peer = await conversation(open(1, { connection: 'close' }), open(3), data(3, REQUEST));
    expect(await peer.resetOf(1)).toBe(CODE.protocolError);
    expect((await peer.headersOf(3))[':status']).toBe('200');
  });

  it.each([
    ['more body than announced', [open(1, { 'content-length': '3' }), data(1, REQUEST)]],
    ['less body than announced', [open(1, { 'content-length': '9999' }), data(1, REQUEST, END)]],
    ['no body though announced', [open(1, { 'content-length': '1' }, END)]],
    ['trailers that do not end it', [open(1), block(1, encodeHeaders([['x', '1']]))]],
    ['pseudo headers as trailers', [open(1), block(1, encodeHeaders([[':path', '/']]), FLAG.endHeaders | END)]],
    ['WINDOW_UPDATE by nothing', [open(1), windowUpdate(1, 0)]],
  ])('with %s costs its stream only', async (_, frames) => {
    const peer = await conversation(...frames);
    expect(await peer.resetOf(1)).toBe(CODE.protocolError);
    expect(await peer.said()).toEqual(expect.not.arrayContaining([expect.objectContaining({ type: FRAME.goaway })]));
  });

  it.each([
    ['DATA', data(1, REQUEST)],
    ['HEADERS', block(1, encodeHeaders([['x', '1']]), FLAG.endHeaders | END)],
  ])('that has ended takes no %s', async (_, bytes) => {
    const { server } = await start({ onMessage: () => undefined });
    const peer = await greeted(server.address);
    // A watch goes on after its client has said all.
    const watch = open(1, { ':path': '/grpc.health.v1.Health/Watch', 'x-sluice-role': null });
    peer.send(watch, data(1, message(Buffer.alloc(0)), END), bytes);
    expect(await peer.resetOf(1)).toBe(CODE.streamClosed);
  });
});

describe('a connection ends with', () => {
  const idle = 7;
  it.each<[string, number, Buffer[]]>([
    ['SETTINGS on a stream', CODE.protocolError, [frame(FRAME.settings, 0, 1)]],
    ['SETTINGS of odd length', CODE.frameSizeError, [frame(FRAME.settings, 0, 0, 'abc')]],
    ['an acknowledgement with settings in it', CODE.frameSizeError, [frame(FRAME.settings, FLAG.ack, 0, 'abcdef')]],
    ['ENABLE_PUSH 2', CODE.protocolError, [settings([SETTING.enablePush, 2])]],
    ['an initial window too wide', CODE.flowControlError, [settings([SETTING.initialWindowSize, 2 ** 31])]],
    ['frames smaller than the least', CODE.protocolError, [settings([SETTING.maxFrameSize, 16_383])]],
    ['frames larger than there are', CODE.protocolError, [settings([SETTING.maxFrameSize, 2 ** 24])]],
    ['PING on a stream', CODE.protocolError, [frame(FRAME.ping, 0, 1, '12345678')]],
    ['PING of seven bytes', CODE.frameSizeError, [ping('1234567')]],
    ['GOAWAY on a stream', CODE.protocolError, [frame(FRAME.goaway, 0, 1, uint32(0, 0))]],
    ['GOAWAY cut short', CODE.frameSizeError, [frame(FRAME.goaway, 0, 0, uint32(0))]],
    ['PRIORITY on no stream', CODE.protocolError, [frame(FRAME.priority, 0, 0, '12345')]],
    ['PRIORITY of four bytes', CODE.frameSizeError, [frame(FRAME.priority, 0, 1, '1234')]],
    ['a priority below itself', CODE.protocolError, [frame(FRAME.priority, 0, 1, Buffer.from('0000000100', 'hex'))]],
    ['PUSH_PROMISE', CODE.protocolError, [frame(FRAME.pushPromise, 4, 1, uint32(2))]],
    ['WINDOW_UPDATE of three bytes', CODE.frameSizeError, [frame(FRAME.windowUpdate, 0, 0, 'abc')]],
    ['WINDOW_UPDATE by nothing', CODE.protocolError, [windowUpdate(0, 0)]],
    ['a window too wide', CODE.flowControlError, [windowUpdate(0, 2 ** 31 - 1)]],
    ['WINDOW_UPDATE on an idle stream', CODE.protocolError, [windowUpdate(idle, 1)]],
    ['RST_STREAM of three bytes', CODE.frameSizeError, [open(1), frame(FRAME.rstStream, 0, 1, 'abc')]],
    ['RST_STREAM on no stream', CODE.protocolError, [reset(0)]],
    ['RST_STREAM on an idle stream', CODE.protocolError, [reset(idle)]],
    ['DATA on no stream', CODE.protocolError, [data(0, REQUEST)]],
    ['DATA on an idle stream', CODE.protocolError, [data(idle, REQUEST)]],
    ['DATA on a stream that its peer ended', CODE.streamClosed, [open(1), reset(1), data(1, REQUEST)]],
    ['HEADERS on no stream', CODE.protocolError, [block(0, BLOCK)]],
    ['HEADERS on a stream of ours', CODE.protocolError, [block(2, BLOCK)]],
    ['HEADERS on a stream passed over', CODE.protocolError, [open(5), block(3, BLOCK)]],
    ['HEADERS on a stream that its peer ended', CODE.streamClosed, [open(1), reset(1), block(1, BLOCK)]],
    ['padding as long as its frame', CODE.protocolError, [open(1), data(1, Buffer.from([5, 0, 0, 0, 0]), FLAG.padded)]],
    ['padding of no frame', CODE.frameSizeError, [open(1), data(1, '', FLAG.padded)]],
    ['a priority cut short', CODE.frameSizeError, [block(1, Buffer.from('abc'), FLAG.endHeaders | FLAG.priority)]],
    ['CONTINUATION of nothing', CODE.protocolError, [frame(FRAME.continuation, 4, 1, BLOCK)]],
    ['CONTINUATION of another block', CODE.protocolError, [block(1, BLOCK, 0), frame(FRAME.continuation, 4, 3)]],
    ['DATA inside a header block', CODE.protocolError, [open(1), block(3, BLOCK, 0), data(1, REQUEST)]],
    ['a block that cannot be decoded', CODE.compressionError, [block(1, Buffer.from([0x80]))]],
    ['trailers that cannot be decoded', CODE.compressionError, [open(1), block(1, Buffer.from([0x80]), 5)]],
    ['a frame that is too long', CODE.frameSizeError, [frame(FRAME.data, 0, 1, Buffer.alloc(16_385))]],
  ])('%s', async (_, code, frames) => {
    const peer = await conversation(...frames);
    expect((await peer.goaway())?.code).toBe(code);
    await peer.closed();
  });
});

describe('late frames', () => {
  it('on a stream that we ended are nobody’s fault', async () => {
    const refused = open(1, { 'x-sluice-role': 'nobody' });
    const peer = await conversation(refused, data(1, REQUEST), windowUpdate(1, 5), reset(1), block(1, BLOCK, 5));
    expect(await peer.resetOf(1)).toBe(CODE.noError);
    peer.send(open(3), data(3, REQUEST));
    expect((await peer.headersOf(3))[':status']).toBe('200');
  });

  it('on a stream that both ended are nobody’s fault either', async () => {
    const peer = await conversation(open(1), data(1, REQUEST, END), windowUpdate(1, 5), reset(1));
    expect((await peer.said()).map(({ type }) => type)).not.toContain(FRAME.goaway);
  });
});

describe('the peer’s GOAWAY', () => {
  it('lets open streams go on', async () => {
    const peer = await conversation(open(1), frame(FRAME.goaway, 0, 0, uint32(0, CODE.noError)), data(1, REQUEST));
    expect((await peer.answerOf(1)).length).toBeGreaterThan(0);
  });

  it('for an error of ours ends the connection and is reported with its words', async () => {
    const { server, faults } = await start();
    const peer = await greeted(server.address);
    peer.send(frame(FRAME.goaway, 0, 0, Buffer.concat([uint32(0, CODE.compressionError), Buffer.from('bad "block"')])));
    await peer.closed();
    expect(String(faults[0]?.error)).toContain('code 9: "bad \\"block\\""');
  });
});
