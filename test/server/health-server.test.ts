// The address for probes: what it answers, and that nothing else can be asked of it.

import { status } from '@grpc/grpc-js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type HealthServer, startHealthServer } from '../../src/server/health-server.js';
import type { TransportHooks } from '../../src/server/hooks.js';
import { EnvoyClient } from './support/client.js';
import { socketDirectory } from './support/harness.js';

const SERVING = Buffer.from('0801', 'hex');
const NOT_SERVING = Buffer.from('0802', 'hex');
const WHOLE = Buffer.alloc(0);
/** Whatever a transport may tell: here there is nothing to tell. */
const HOOKS = new Proxy({}, { get: (_hooks, name) => () => expect.unreachable(String(name)) }) as TransportHooks;

async function start(serving: () => boolean, address = '127.0.0.1:0'): Promise<HealthServer> {
  const server = await startHealthServer({
    address,
    socketMode: 0o660,
    serving,
    hooks: HOOKS,
  });
  onTestFinished(() => server.close());
  return server;
}

describe('the health address', () => {
  it.each([
    ['a port', () => '127.0.0.1:0'],
    ['a socket', () => `unix:${socketDirectory()}/health.sock`],
  ])('on %s follows what is served', async (_what, address) => {
    let serving = false;
    const server = await start(() => serving, address());
    const client = new EnvoyClient(server.address);
    expect(await client.health('Check', WHOLE)).toEqual(NOT_SERVING);
    serving = true;
    expect(await client.health('Check', WHOLE)).toEqual(SERVING);
  });

  it('says from the drain on that nothing is served, to those who watch as well', async () => {
    const server = await start(() => true);
    const client = new EnvoyClient(server.address);
    const watch = client.watch(WHOLE);
    expect(await watch.next()).toEqual(SERVING);
    server.drain();
    expect(await watch.next()).toEqual(NOT_SERVING);
    expect(await client.health('Check', WHOLE)).toEqual(NOT_SERVING);
  });

  it('closes though somebody watches, and does so once', async () => {
    const server = await start(() => true);
    const watch = new EnvoyClient(server.address).watch(WHOLE);
    await watch.next();
    await Promise.all([server.close(), server.close()]);
    expect((await watch.status).code).not.toBe(status.UNKNOWN);
  });

  it('decides nothing, and takes no log: whoever reaches it can do no more than ask', async () => {
    const client = new EnvoyClient((await start(() => true)).address);
    expect((await client.process('admission').status).code).toBe(status.UNIMPLEMENTED);
    expect((await client.logs().status).code).toBe(status.UNIMPLEMENTED);
  });

  it('that is taken is named in the error', async () => {
    const { address } = await start(() => true);
    await expect(start(() => true, address)).rejects.toThrow(address);
  });
});
