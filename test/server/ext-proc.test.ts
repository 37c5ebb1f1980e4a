import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import type { HeaderChanges, Instruction, StreamEvent } from '../../src/core/stream.js';
import { WireError } from '../../src/wire/error.js';
import { eventually } from '../support/eventually.js';
import { field, header, requestHeaders } from '../wire/support/bytes.js';
import { recorded } from '../wire/support/recorded.js';
import { EnvoyClient } from './support/client.js';
import { type FakeHandler, goOn, overEachTransport } from './support/harness.js';

const REQUEST = requestHeaders([header(':path', '/a')]);
const RESPONSE = field(3, field(1, header(':status', '200')));

function only(handlers: readonly FakeHandler[]): FakeHandler {
  const [handler] = handlers;
  if (handler === undefined || handlers.length !== 1) throw new Error(`${handlers.length} handlers, expected one`);
  return handler;
}

const isOver = (handler: FakeHandler) => eventually(() => expect(handler.closedTimes).toBe(1));

overEachTransport((start) => {
  describe('a stream', () => {
    it('hands each message to one handler of its role and its answers to Envoy', async () => {
      const { server, handlers, opened } = await start();
      const stream = new EnvoyClient(server.address).process('judge');
      stream.send(REQUEST);
      const changed = (await stream.answer()).requestHeaders?.response?.headerMutation?.setHeaders;
      expect(changed?.[0]?.header).toEqual({ key: 'x-by', rawValue: Buffer.from('handler') });
      stream.send(RESPONSE);
      expect(await stream.answer()).toEqual({ responseHeaders: {} });
      expect(only(handlers).events.map(({ kind }) => kind)).toEqual(['request_headers', 'response_headers']);
      expect(opened).toEqual(['judge']);
    });

    it('takes what a real Envoy sent', async () => {
      const { server, handlers } = await start();
      const stream = new EnvoyClient(server.address).process();
      for (const bytes of recorded('ok', 'admission')) {
        stream.send(bytes);
        await stream.answer();
      }
      const [request] = only(handlers).events;
      expect(request?.kind === 'request_headers' && request.headers.get('user-agent')).toBe('recorder');
    });

    it('may begin with response headers', async () => {
      const { server, handlers } = await start();
      const stream = new EnvoyClient(server.address).process();
      stream.send(RESPONSE);
      expect(await stream.answer()).toEqual({ responseHeaders: {} });
      expect(only(handlers).events[0]?.kind).toBe('response_headers');
    });

    it('answers later, after asking for time, when the handler does', async () => {
      const { server, handlers } = await start({
        onMessage: (_, { send }) => send({ kind: 'extend_timeout', ms: 500 }),
      });
      const stream = new EnvoyClient(server.address).process();
      stream.send(REQUEST);
      expect(await stream.answer()).toEqual({ overrideMessageTimeout: { seconds: 0, nanos: 500_000_000 } });
      goOn({ kind: 'other', phase: 'request_body' }, only(handlers));
      expect(await stream.answer()).toEqual({ requestBody: {} });
    });

    it('reports the time of every message, in seconds, under its role', async () => {
      const { server, decided } = await start();
      const stream = new EnvoyClient(server.address).process('gate');
      stream.send(REQUEST);
      await stream.answer();
      expect(decided.length).toBe(1);
      expect(decided[0]?.role).toBe('gate');
      expect(decided[0]?.seconds).toBeGreaterThan(0);
      expect(decided[0]?.seconds).toBeLessThan(1);
    });

    it('carries on beside many others on one connection', async () => {
      const { server, handlers, opened, closed } = await start();
      const client = new EnvoyClient(server.address);
      const streams = Array.from({ length: 300 }, () => client.process());
      for (const stream of streams) stream.send(REQUEST);
      await Promise.all(streams.map((stream) => stream.answer()));
      expect(handlers.length).toBe(300);
      for (const stream of streams) stream.call.end();
      await Promise.all(streams.map((stream) => stream.status));
      await eventually(() => expect(closed.length).toBe(opened.length));
      expect(handlers.every(({ closedTimes }) => closedTimes === 1)).toBe(true);
    });
  });

  describe('the end of a stream', () => {
    it('by a half-close ends our side too, and closes the handler once', async () => {
      const { server, handlers, closed } = await start();
      const stream = new EnvoyClient(server.address).process();
      stream.send(REQUEST);
      await stream.answer();
      stream.call.end();
      expect((await stream.status).code).toBe(status.OK);
      await isOver(only(handlers));
      expect(closed).toEqual(['admission']);
    });

    it('by a half-close before any message closes the handler', async () => {
      const { server, handlers } = await start();
      const stream = new EnvoyClient(server.address).process();
      stream.call.end();
      expect((await stream.status).code).toBe(status.OK);
      await isOver(only(handlers));
    });

    it('by a cancel before any message closes the handler', async () => {
      const { server, handlers, closed } = await start();
      const stream = new EnvoyClient(server.address).process();
      await eventually(() => expect(handlers.length).toBe(1));
      stream.call.cancel();
      await isOver(only(handlers));
      expect(closed).toEqual(['admission']);
    });

    it('by a cancel while an answer is held closes the handler, and the answer is dropped', async () => {
      const { server, handlers, closed, faults } = await start({ onMessage: () => undefined });
      const stream = new EnvoyClient(server.address).process('judge');
      stream.send(REQUEST);
      await eventually(() => expect(only(handlers).events.length).toBe(1));
      stream.call.cancel();
      const handler = only(handlers);
      await isOver(handler);
      goOn({ kind: 'other', phase: 'request_body' }, handler);
      expect(closed).toEqual(['judge']);
      expect(handler.closedTimes).toBe(1);
      expect(faults).toEqual([]);
    });

    it('by the loss of the connection closes every handler on it', async () => {
      const { server, handlers, closed } = await start();
      const streams = [1, 2, 3].map(() => new EnvoyClient(server.address).process());
      await eventually(() => expect(handlers.length).toBe(3));
      await server.drain(0);
      await Promise.all(streams.map((stream) => stream.status));
      expect(handlers.map(({ closedTimes }) => closedTimes)).toEqual([1, 1, 1]);
      expect(closed.length).toBe(3);
    });
  });

  describe('a stream without a known role', () => {
    it.each([null, '', 'observer', 'admission, gate'])('fails with what to configure: %j', async (role) => {
      const { server, handlers, opened } = await start();
      const stream = new EnvoyClient(server.address).process(role);
      stream.send(REQUEST);
      const { code, details } = await stream.status;
      expect(code).toBe(status.INVALID_ARGUMENT);
      expect(details).toContain('grpc_service.initial_metadata');
      expect(details).toContain('admission | gate | judge');
      expect([handlers, opened]).toEqual([[], []]);
    });
  });

  describe('bytes that are no message', () => {
    it.each([
      ['noise', Buffer.from('ffffffffff', 'hex')],
      ['a message cut short', REQUEST.subarray(0, -2)],
      ['an empty message', Buffer.alloc(0)],
      ['a kind of a later version', field(99, 'new')],
    ])('fail their stream and no other: %s', async (_, bytes) => {
      const { server, handlers, faults, closed } = await start();
      const client = new EnvoyClient(server.address);
      const bystander = client.process('gate');
      bystander.send(REQUEST);
      await bystander.answer();
      const stream = client.process();
      stream.send(bytes);
      expect((await stream.status).code).toBe(status.INTERNAL);
      expect(faults).toEqual([{ place: 'ext_proc_message', error: expect.any(WireError) }]);
      await eventually(() => expect(closed).toEqual(['admission']));
      expect(handlers.map(({ role, closedTimes }) => [role, closedTimes])).toEqual([
        ['gate', 0],
        ['admission', 1],
      ]);
      bystander.send(RESPONSE);
      expect(await bystander.answer()).toEqual({ responseHeaders: {} });
    });

    it('beyond a mebibyte fail their stream', async () => {
      const { server, handlers } = await start();
      const stream = new EnvoyClient(server.address).process();
      stream.send(requestHeaders([header('x', 'x'.repeat(1024 * 1024))]));
      expect((await stream.status).code).toBe(status.RESOURCE_EXHAUSTED);
      await isOver(only(handlers));
    });
  });

  describe('a handler that throws', () => {
    const fails = () => {
      throw new Error('a bug');
    };

    it.each([
      ['request headers', REQUEST, { requestHeaders: {} }],
      ['response headers', RESPONSE, { responseHeaders: {} }],
      ['a body', field(5), { responseBody: {} }],
      ['trailers', field(6), { requestTrailers: {} }],
    ])('lets %s go on, and the fault is reported', async (_, bytes, answer) => {
      const { server, faults, decided } = await start({ onMessage: fails });
      const stream = new EnvoyClient(server.address).process();
      stream.send(bytes);
      expect(await stream.answer()).toEqual(answer);
      expect(faults).toEqual([{ place: 'ext_proc_handler', error: new Error('a bug') }]);
      expect(decided.length).toBe(1);
    });

    it('is closed at once, is asked no more, and the rest of its stream goes on', async () => {
      const { server, handlers, closed } = await start({ onMessage: fails });
      const stream = new EnvoyClient(server.address).process();
      stream.send(REQUEST);
      await stream.answer();
      stream.send(RESPONSE);
      expect(await stream.answer()).toEqual({ responseHeaders: {} });
      expect([only(handlers).closedTimes, only(handlers).events.length, closed]).toEqual([1, 1, []]);
      stream.call.end();
      await stream.status;
      expect(only(handlers).closedTimes).toBe(1);
      await eventually(() => expect(closed).toEqual(['admission']));
    });

    it('after it answered does not answer twice', async () => {
      const { server } = await start({
        onMessage(event, handler) {
          goOn(event, handler);
          fails();
        },
      });
      const stream = new EnvoyClient(server.address).process();
      stream.send(RESPONSE);
      expect(await stream.answer()).toEqual({ responseHeaders: {} });
      stream.call.end();
      await stream.status;
      expect(stream.unread()).toBe(0);
    });

    it('while it asked for time only still gets its message answered', async () => {
      const { server } = await start({
        onMessage(_, { send }) {
          send({ kind: 'extend_timeout', ms: 1000 });
          fails();
        },
      });
      const stream = new EnvoyClient(server.address).process();
      stream.send(REQUEST);
      expect(Object.keys(await stream.answer())).toEqual(['overrideMessageTimeout']);
      expect(await stream.answer()).toEqual({ requestHeaders: {} });
    });

    it('when it is made lets its stream go on', async () => {
      const { server, faults } = await start({ openStream: fails });
      const stream = new EnvoyClient(server.address).process();
      stream.send(REQUEST);
      expect(await stream.answer()).toEqual({ requestHeaders: {} });
      expect(faults).toEqual([{ place: 'ext_proc_handler', error: new Error('a bug') }]);
    });

    it('when it is closed is reported, and the stream still counts as closed', async () => {
      const { server, faults, closed } = await start({
        openStream: () => ({ message: () => undefined, closed: fails }),
      });
      const stream = new EnvoyClient(server.address).process();
      stream.call.end();
      await stream.status;
      await eventually(() => expect(closed).toEqual(['admission']));
      expect(faults).toEqual([{ place: 'ext_proc_handler', error: new Error('a bug') }]);
    });
  });

  describe('an answer that cannot be sent', () => {
    it('fails its stream and is reported', async () => {
      const instruction: Instruction = {
        kind: 'continue_request',
        order: null,
        get headers(): HeaderChanges {
          throw new Error('a bug');
        },
      };
      const broken = (_: StreamEvent, { send }: FakeHandler) => send(instruction);
      const { server, faults, handlers } = await start({ onMessage: broken });
      const stream = new EnvoyClient(server.address).process();
      stream.send(REQUEST);
      expect((await stream.status).code).toBe(status.INTERNAL);
      await isOver(only(handlers));
      expect(faults).toEqual([{ place: 'ext_proc_answer', error: new Error('a bug') }]);
    });

    it('for its size fails its stream', async () => {
      const headers = { set: [['x', 'y'.repeat(300 * 1024)] as const], remove: [] };
      const { server, handlers } = await start({
        onMessage: (_, { send }) => send({ kind: 'continue_request', headers, order: null }),
      });
      const stream = new EnvoyClient(server.address).process();
      stream.send(REQUEST);
      expect((await stream.status).code).toBe(status.RESOURCE_EXHAUSTED);
      await isOver(only(handlers));
    });
  });
});
