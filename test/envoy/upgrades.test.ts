// WebSocket and CONNECT: a connection that was refused may be tried again, as anything may that was not written; once
// established, whatever happens to it is its own end.

import { createServer, connect as dial } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { respond } from '../support/behaviour.js';
import { connectionManager, type JsonObject, virtualHost } from '../support/bootstrap.js';
import { startMesh } from '../support/mesh.js';
import { listenSomewhere, REFUSING_PORT } from '../support/ports.js';
import { addUpstream, hosts } from '../support/routes.js';
import { recordOf, settled } from '../support/settled.js';
import { useMesh } from '../support/use-mesh.js';
import { expectNothingLost, WATCHING } from './rows/run.js';

const policy = {
  ceilings: { maxRetries: 10 },
  defaults: {
    circuit: WATCHING,
    // Everything that could be opted in: an upgrade must not be retried for all that.
    retry: {
      maxRetries: 3,
      judge: true,
      on: ['connect-failure', 'refused-stream', 'reset-before-request', 'reset', '5xx'],
      statuses: [500, 502, 503],
      nonIdempotent: true,
      backoff: { base: '10ms', max: '10ms', jitter: 'none' },
    },
  },
};

describe('a WebSocket', () => {
  const world = useMesh({
    policy,
    envoy: { patch: (bootstrap) => addUpstream(bootstrap, 'limping', hosts('limping', REFUSING_PORT)) },
  });

  it('R6: once established is one attempt, and bytes flow both ways', async () => {
    expect(await world.mesh.upgrade('/flaky/socket', 'hello')).toEqual({ status: 101, body: 'hello' });
    const record = await recordOf(world.mesh, '/flaky/socket');
    expect(record.attempts).toMatchObject([{ attempt: 1, cluster: 'flaky', status: 101 }]);
    expect(record.result).toBe('success');
    expect(world.mesh.upstreams.flaky.requests).toHaveLength(1);
  });

  it('R6: that the upstream breaks after it was asked is not asked for again', async () => {
    world.mesh.upstreams.flaky.forget();
    world.mesh.upstreams.flaky.behave(respond(500));
    expect((await world.mesh.upgrade('/flaky/broken', 'hello')).status).toBeGreaterThanOrEqual(500);
    const record = await recordOf(world.mesh, '/flaky/broken');
    expect(record.attempts).toHaveLength(1);
    expect(record.notRetried).not.toBeNull();
    expect(world.mesh.upstreams.flaky.requests).toHaveLength(1);
  });

  it('R6: whose connection was refused was not asked for: that is tried again', async () => {
    expect((await world.mesh.upgrade('/limping/refused', 'hello')).status).toBe(503);
    const record = await recordOf(world.mesh, '/limping/refused');
    expect(record.attempts).toHaveLength(4);
    for (const attempt of record.attempts) expect(attempt).toMatchObject({ stage: 'connect', outcome: 'failure' });
  });

  it('lost no decision and no evidence on the way', async () => {
    await expectNothingLost(world.mesh, await settled(world.mesh));
  });
});

describe('CONNECT', () => {
  /** Terminates CONNECT and forwards the bytes to `tunnel`. */
  function patch(bootstrap: JsonObject, port: number): void {
    addUpstream(bootstrap, 'tunnel', hosts('tunnel', port));
    connectionManager(bootstrap).upgrade_configs = [{ upgrade_type: 'websocket' }, { upgrade_type: 'CONNECT' }];
    const host = virtualHost(bootstrap);
    const [added, ...others] = Array.isArray(host.routes) ? host.routes : [];
    if (typeof added !== 'object' || added === null || Array.isArray(added)) throw new Error('no route was added');
    const { route } = added;
    if (typeof route !== 'object' || route === null || Array.isArray(route)) throw new Error('the route has no action');
    route.upgrade_configs = [{ upgrade_type: 'CONNECT', connect_config: {} }];
    host.routes = [{ ...added, match: { connect_matcher: {} } }, ...others];
  }

  /** Opens a tunnel, sends `text`, and resolves with all that came back. */
  function tunnel(port: number, text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = dial(port, '127.0.0.1');
      let received = '';
      socket.setEncoding('latin1');
      socket.once('error', reject);
      socket.on('data', (chunk: string) => {
        const established = received.includes('\r\n\r\n');
        received += chunk;
        if (!established && received.includes('\r\n\r\n')) socket.write(text);
      });
      socket.once('close', () => resolve(received));
      socket.write('CONNECT tunnel.internal:443 HTTP/1.1\r\nhost: tunnel.internal:443\r\n\r\n');
    });
  }

  it('R6: once established is one connection, which is not made again when it breaks', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.on('error', () => socket.destroy());
      // Says what it got and is gone.
      socket.once('data', (data) => socket.end(`echo ${data.toString()}`));
    });
    const port = await listenSomewhere(server);
    onTestFinished(() => void server.close());
    await using mesh = await startMesh({ policy, envoy: { patch: (bootstrap) => patch(bootstrap, port) } });
    const received = await tunnel(mesh.envoy.port, 'ping');
    expect(received).toMatch(/^HTTP\/1\.1 200/);
    expect(received).toContain('echo ping');
    await settled(mesh);
    const record = (await mesh.sluice.requests()).find(({ method }) => method === 'CONNECT');
    expect(record?.attempts).toHaveLength(1);
    expect(connections).toBe(1);
  });
});
