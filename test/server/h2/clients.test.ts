// Real clients, over TCP and over a Unix socket: node:http2 and, in the suites that run over both transports, grpc-js.

import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseAddress } from '../../../src/server/address.js';
import { METHODS } from '../../../src/server/services.js';
import { field, header, requestHeaders } from '../../wire/support/bytes.js';
import { loadProtos } from '../../wire/support/reference/protos.js';
import { EnvoyClient } from '../support/client.js';
import { socketDirectory } from '../support/harness.js';
import { start } from './support/direct.js';
import { data, HELLO, message, open, SETTINGS_ACK } from './support/frames.js';
import { greeted, Peer } from './support/peer.js';

const REQUEST = requestHeaders([header(':path', '/a')]);
const RESPONSE = field(3, field(1, header(':status', '200')));

const ADDRESSES: readonly [string, () => string][] = [
  ['TCP', () => '127.0.0.1:0'],
  ['a Unix socket', () => `unix:${join(socketDirectory(), 'sluice.sock')}`],
];

function session(address: string): ClientHttp2Session {
  const where = parseAddress(address);
  const socket = where.kind === 'unix' ? connectSocket(where.path) : connectSocket(where.port, where.host);
  const client = connect('http://sluice', { createConnection: () => socket });
  onTestFinished(() => client.destroy());
  return client;
}

interface Reply {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
}

function call(client: ClientHttp2Session, headers: Record<string, string>, body: Buffer): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const stream = client.request({
      ':method': 'POST',
      ':path': METHODS.process,
      te: 'trailers',
      'content-type': 'application/grpc',
      ...headers,
    });
    const parts: Buffer[] = [];
    const reply = { headers: {} as IncomingHttpHeaders, trailers: {} as IncomingHttpHeaders };
    stream.on('response', (received) => Object.assign(reply.headers, received));
    stream.on('trailers', (received) => Object.assign(reply.trailers, received));
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.on('error', reject);
    stream.on('close', () => resolve({ ...reply, body: Buffer.concat(parts) }));
    stream.end(body);
  });
}

describe.each(ADDRESSES)('over %s', (_, address) => {
  it('node:http2 gets an answer for each message, and the status as trailers', async () => {
    const { server, closed } = await start({ address: address() });
    const client = session(server.address);
    for (let i = 0; i < 5; i++) {
      const messages = Buffer.concat([message(REQUEST), message(RESPONSE)]);
      const { headers, trailers, body } = await call(client, { 'x-sluice-role': 'gate' }, messages);
      expect(headers).toMatchObject({ ':status': 200, 'content-type': 'application/grpc' });
      expect(trailers).toMatchObject({ 'grpc-status': '0' });
      const first = body.readUInt32BE(1);
      const { processingResponse } = loadProtos();
      expect(Object.keys(processingResponse.decode(body.subarray(5, 5 + first)))).toEqual(['requestHeaders']);
      expect(Object.keys(processingResponse.decode(body.subarray(10 + first)))).toEqual(['responseHeaders']);
    }
    expect(closed).toEqual(Array(5).fill('gate'));
  });

  it('grpc-js gets its answers beside node:http2', async () => {
    const { server } = await start({ address: address() });
    const [client, other] = [new EnvoyClient(server.address), session(server.address)];
    const stream = client.process('judge');
    stream.send(REQUEST);
    await stream.answer();
    expect((await call(other, { 'x-sluice-role': 'gate' }, message(REQUEST))).trailers).toMatchObject({
      'grpc-status': '0',
    });
    stream.send(RESPONSE);
    expect(await stream.answer()).toEqual({ responseHeaders: {} });
  });
});

describe('a request that asks for no method of ours', () => {
  it.each<[string, Record<string, string>, Record<string, unknown>]>([
    ['of another path', { ':path': '/a.B/C' }, { ':status': 200, 'grpc-status': '12' }],
    ['that is not POST', { ':method': 'PUT' }, { ':status': 405 }],
    ['that is not gRPC', { 'content-type': 'application/json' }, { ':status': 415 }],
    ['that is almost gRPC', { 'content-type': 'application/grpcweb' }, { ':status': 415 }],
    ['without a role', {}, { ':status': 200, 'grpc-status': '3' }],
  ])('%s is told so', async (_, headers, expected) => {
    const { server } = await start();
    expect((await call(session(server.address), headers, message(REQUEST))).headers).toMatchObject(expected);
  });

  it.each(['application/grpc+proto', 'application/grpc;charset=utf-8'])('is not one of %s', async (type) => {
    const { server } = await start();
    const headers = { 'content-type': type, 'x-sluice-role': 'gate' };
    expect((await call(session(server.address), headers, message(REQUEST))).trailers).toMatchObject({
      'grpc-status': '0',
    });
  });

  it('gets words for people, too', async () => {
    const { server } = await start();
    const { body } = await call(session(server.address), { ':method': 'PUT' }, Buffer.alloc(0));
    expect(body.toString()).toContain('speaks gRPC');
  });
});

describe('a unary call', () => {
  const check = (body: Buffer) => ({ headers: { ':path': METHODS.healthCheck }, body });

  it.each([
    ['two messages', Buffer.concat([message(Buffer.alloc(0)), message(Buffer.alloc(0))]), '12'],
    ['no message', Buffer.alloc(0), '12'],
    ['a message that cannot be read', message(Buffer.from('ffffff', 'hex')), '13'],
  ])('with %s is refused', async (_, body, status) => {
    const { server } = await start();
    const { headers } = check(body);
    expect((await call(session(server.address), headers, body)).headers['grpc-status']).toBe(status);
  });
});

describe('a conversation cut at any byte', () => {
  const bytes = Buffer.concat([
    HELLO,
    SETTINGS_ACK,
    open(1),
    data(1, message(REQUEST)),
    data(1, message(RESPONSE), 1),
    open(3, { 'x-sluice-role': 'judge' }),
    data(3, message(REQUEST)),
  ]);

  async function answersTo(peer: Peer, address: string): Promise<string> {
    const texts = [peer.answerOf(1), peer.answerOf(1), peer.answerOf(3)].map(async (answer) =>
      (await answer).toString('hex'),
    );
    const answers = await Promise.all(texts);
    peer.socket.destroy();
    return `${address.length > 0}${answers.join(' ')}`;
  }

  it('is answered as if it were whole', async () => {
    const { server } = await start();
    const whole = new Peer(server.address);
    whole.send(bytes);
    const expected = await answersTo(whole, server.address);
    for (let cut = 1; cut < bytes.length; cut++) {
      const peer = new Peer(server.address);
      peer.send(bytes.subarray(0, cut));
      await new Promise((resolve) => setImmediate(resolve));
      peer.send(bytes.subarray(cut));
      expect(await answersTo(peer, server.address), `cut at ${cut}`).toBe(expected);
    }
  }, 30_000);
});

describe('answers to one read', () => {
  it('leave in one write, those that come later by themselves', async () => {
    const late: (() => void)[] = [];
    const { server } = await start({
      onMessage: (_, { send, role }) => {
        const answer = () => send({ kind: 'continue_other', phase: 'request_body' });
        if (role === 'judge') late.push(answer);
        else answer();
      },
    });
    const peer = await greeted(server.address);
    let reads = 0;
    peer.socket.on('data', () => reads++);
    const calls = Array.from({ length: 100 }, (_, i) => [open(i * 2 + 1), data(i * 2 + 1, message(REQUEST))]);
    peer.send(...calls.flat(), open(201, { 'x-sluice-role': 'judge' }), data(201, message(REQUEST)));
    await peer.answerOf(199);
    expect(reads).toBe(1);
    for (const answer of late) answer();
    expect((await peer.answerOf(201)).length).toBeGreaterThan(0);
  });
});
