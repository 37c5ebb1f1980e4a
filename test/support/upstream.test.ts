// The fakes are the other half of every proof: each behaviour has to be what its name says, on the wire.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { close, cut, echo, garbage, hang, inTurn, reset, resetEarly, respond, stream } from './behaviour.js';
import { open, send } from './client.js';
import { eventually } from './eventually.js';
import { callGrpc } from './grpc-client.js';
import { grpcStatus, grpcTrailersOnly, startGrpcUpstream } from './grpc-upstream.js';
import { startUpstream, type Upstream } from './upstream.js';

let upstream: Upstream;
beforeEach(async () => {
  upstream = await startUpstream();
});
afterEach(() => upstream.stop());

describe('a fake upstream', () => {
  it('answers 200 and keeps what it got', async () => {
    expect((await send(upstream.port, '/a?b', { method: 'PUT', body: 'four' })).status).toBe(200);
    expect(upstream.requests).toMatchObject([
      { method: 'PUT', path: '/a?b', bodyBytes: 4, complete: true, attempt: 0 },
    ]);
  });

  it('answers with status, headers and body, after a delay', async () => {
    upstream.behave(respond(429, { headers: { 'retry-after': '2', 'x-two': ['a', 'b'] }, body: 'busy', delayMs: 60 }));
    const answer = await send(upstream.port, '/');
    expect(answer).toMatchObject({ status: 429, body: 'busy', headers: { 'retry-after': '2', 'x-two': 'a, b' } });
    expect(answer.durationMs).toBeGreaterThanOrEqual(59);
  });

  it('goes through a list of behaviours and stays with the last', async () => {
    upstream.behave(inTurn(respond(500), respond(201)));
    const statuses = [];
    for (let count = 0; count < 3; count += 1) statuses.push((await send(upstream.port, '/')).status);
    expect(statuses).toEqual([500, 201, 201]);
  });

  it('chooses by what it got', async () => {
    upstream.behave((request) => (request.path === '/bad' ? respond(400) : respond(200)));
    expect((await send(upstream.port, '/bad')).status).toBe(400);
    expect((await send(upstream.port, '/good')).status).toBe(200);
  });

  it('tells the headers that it got', async () => {
    upstream.behave(echo);
    expect(JSON.parse((await send(upstream.port, '/', { headers: { 'x-a': '1' } })).body)).toMatchObject({
      'x-a': '1',
    });
  });

  it('resets once it has read the request', async () => {
    upstream.behave(reset);
    await expect(send(upstream.port, '/', { method: 'POST', body: 'four' })).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
    expect(upstream.requests).toMatchObject([{ bodyBytes: 4, complete: true, abandoned: true }]);
  });

  it('resets with the body unread', async () => {
    upstream.behave(resetEarly);
    const sending = send(upstream.port, '/', { method: 'POST', body: Buffer.alloc(5_000_000) });
    await expect(sending).rejects.toThrow();
    expect(upstream.requests).toMatchObject([{ complete: false }]);
  });

  it('closes without an answer', async () => {
    upstream.behave(close);
    await expect(send(upstream.port, '/')).rejects.toMatchObject({ message: 'socket hang up' });
  });

  it('cuts a body short', async () => {
    upstream.behave(cut(10, 50));
    const answer = await send(upstream.port, '/');
    expect(answer).toMatchObject({
      status: 200,
      complete: false,
      body: 'x'.repeat(10),
      headers: { 'content-length': '50' },
    });
  });

  it('answers with what is not HTTP', async () => {
    upstream.behave(garbage);
    await expect(send(upstream.port, '/')).rejects.toMatchObject({ code: 'HPE_INVALID_CONSTANT' });
  });

  it('streams, with its headers first', async () => {
    upstream.behave(stream(['a', 'b', 'c'], 20));
    const answer = await send(upstream.port, '/');
    expect(answer).toMatchObject({ status: 200, body: 'abc', complete: true });
    expect(answer.headers['content-type']).toBe('text/event-stream');
  });

  it('notices a client that goes away from an endless stream', async () => {
    upstream.behave(stream(['a'], 1, true));
    (await open(upstream.port, '/')).destroy();
    await eventually(() => expect(upstream.requests).toMatchObject([{ abandoned: true }]));
  });

  it('never answers, until the client gives up', async () => {
    upstream.behave(hang);
    await expect(send(upstream.port, '/', { signal: AbortSignal.timeout(50) })).rejects.toThrow('aborted');
    await eventually(() => expect(upstream.requests).toMatchObject([{ abandoned: true }]));
  });

  it('refuses connections and takes them again on the same port', async () => {
    await upstream.refuse();
    await expect(send(upstream.port, '/')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await upstream.accept();
    expect((await send(upstream.port, '/')).status).toBe(200);
  });

  it.each(['reset', 'close'] as const)('has connections that %s before anything is read', async (mode) => {
    upstream.onConnection(mode);
    await expect(send(upstream.port, '/')).rejects.toThrow();
    expect(upstream.requests).toEqual([]);
    upstream.onConnection('serve');
    expect((await send(upstream.port, '/')).status).toBe(200);
  });
});

describe('a fake gRPC upstream', () => {
  it('sends its status in trailers, alone, or refuses the stream', async () => {
    const grpc = await startGrpcUpstream();
    try {
      grpc.behave((_call, index) => [grpcStatus(0), grpcTrailersOnly(14)][index] ?? { kind: 'refuse_stream' });
      expect(await callGrpc(grpc.port, '/a.B/C')).toMatchObject({ grpcStatus: '0', trailersOnly: false });
      expect(await callGrpc(grpc.port, '/a.B/C')).toMatchObject({ grpcStatus: '14', trailersOnly: true });
      await expect(callGrpc(grpc.port, '/a.B/C')).rejects.toThrow('REFUSED_STREAM');
      expect(grpc.calls.map((call) => call.path)).toEqual(['/a.B/C', '/a.B/C', '/a.B/C']);
    } finally {
      await grpc.stop();
    }
  });
});
