import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../support/eventually.js';
import { field, header, requestHeaders } from '../wire/support/bytes.js';
import { EnvoyClient } from './support/client.js';
import { overEachTransport, socketDirectory } from './support/harness.js';
import { leaveStaleSocket } from './support/stale.js';

const REQUEST = requestHeaders([header(':path', '/a')]);
const RESPONSE = field(3, field(1, header(':status', '200')));

async function answered(client: EnvoyClient): Promise<void> {
  const stream = client.process();
  stream.send(REQUEST);
  await stream.answer();
  stream.call.end();
  await stream.status;
}

overEachTransport((start) => {
  describe('listening', () => {
    it('on port 0 gives the port that was found', async () => {
      const { server } = await start({ address: '127.0.0.1:0' });
      expect(server.address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
      await answered(new EnvoyClient(server.address));
    });

    it('on a Unix socket works like any other, and removes the file when it stops', async () => {
      const path = join(socketDirectory(), 'sluice.sock');
      const { server } = await start({ address: `unix:${path}` });
      expect(server.address).toBe(`unix:${path}`);
      await answered(new EnvoyClient(server.address));
      await server.drain(0);
      expect(existsSync(path)).toBe(false);
    });

    it('replaces a socket that a dead process left', async () => {
      const path = join(socketDirectory(), 'sluice.sock');
      await leaveStaleSocket(path);
      const { server } = await start({ address: `unix:${path}` });
      await answered(new EnvoyClient(server.address));
    });

    it('refuses a socket that somebody listens on, who goes on listening', async () => {
      const path = join(socketDirectory(), 'sluice.sock');
      const { server } = await start({ address: `unix:${path}` });
      await expect(start({ address: `unix:${path}` })).rejects.toThrow(/another process listens on this socket/);
      await answered(new EnvoyClient(server.address));
    });

    it('on a port that is taken fails with the address and the cause', async () => {
      const other = createServer().listen(0, '127.0.0.1');
      await once(other, 'listening');
      onTestFinished(() => void other.close());
      const address = other.address();
      const port = typeof address === 'object' ? address?.port : undefined;
      await expect(start({ address: `127.0.0.1:${port}` })).rejects.toThrow(
        new RegExp(`gRPC cannot listen on 127\\.0\\.0\\.1:${port}: .*EADDRINUSE`),
      );
    });

    it('on something that is no address fails with what to write', async () => {
      await expect(start({ address: 'here' })).rejects.toThrow(/write host:port/);
    });
  });

  describe('draining', () => {
    it('ends at once where nothing is open, idle connections included', async () => {
      const { server } = await start();
      await answered(new EnvoyClient(server.address));
      await expect(server.drain(60_000)).resolves.toBeUndefined();
    });

    it('lets open streams finish and refuses new ones', async () => {
      const { server, handlers, closed } = await start();
      const client = new EnvoyClient(server.address);
      const stream = client.process();
      stream.send(REQUEST);
      await stream.answer();
      const drained = server.drain(60_000);
      // What is on its way while the server says that it goes is served; what comes after is not.
      await eventually(async () => {
        const late = client.process();
        late.send(REQUEST);
        late.call.end();
        expect((await late.status).code).toBe(status.UNAVAILABLE);
      });
      stream.send(RESPONSE);
      expect(await stream.answer()).toEqual({ responseHeaders: {} });
      stream.call.end();
      expect((await stream.status).code).toBe(status.OK);
      await drained;
      expect(closed.length).toBe(handlers.length);
    });

    it('ends log streams once the last decision is made, not before', async () => {
      const { server } = await start();
      const client = new EnvoyClient(server.address);
      const logs = client.logs();
      const stream = client.process();
      stream.send(REQUEST);
      await stream.answer();
      let ended = false;
      const status = logs.status.then((result) => {
        ended = true;
        return result;
      });
      const drained = server.drain(60_000);
      stream.send(RESPONSE);
      await stream.answer();
      expect(ended).toBe(false);
      stream.call.end();
      expect((await status).code).toBe(0);
      await drained;
    });

    it('cuts off what is still open when its time is up', async () => {
      const { server, handlers } = await start({ onMessage: () => undefined });
      const stream = new EnvoyClient(server.address).process();
      stream.send(REQUEST);
      await eventually(() => expect(handlers[0]?.events.length).toBe(1));
      await server.drain(50);
      expect((await stream.status).code).not.toBe(status.OK);
      await eventually(() => expect(handlers[0]?.closedTimes).toBe(1));
    });

    it('asked for twice is done once', async () => {
      const { server } = await start();
      expect(server.drain(1_000)).toBe(server.drain(5));
      await server.drain(0);
    });
  });
});
