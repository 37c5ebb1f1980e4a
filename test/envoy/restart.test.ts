// Sluice is killed, stopped and started while requests are under way. None of them may fail because of it.

import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TRANSPORT_NAMES } from '../../src/server/transport-names.js';
import { inTurn, respond } from '../support/behaviour.js';
import { cluster, type JsonObject } from '../support/bootstrap.js';
import { eventually } from '../support/eventually.js';
import { type Load, startLoad } from '../support/load.js';
import { startMesh } from '../support/mesh.js';
import { endpoints } from '../support/routes.js';
import { recordOf, settled } from '../support/settled.js';
import { startSluice } from '../support/sluice.js';
import { useMesh } from '../support/use-mesh.js';
import { expectNothingLost } from './rows/run.js';

const policy = {
  defaults: { retry: { maxRetries: 1 } },
  clusters: { flaky: { retry: { judge: true, statuses: [503], backoff: { base: '10ms', jitter: 'none' } } } },
};
const LOST = 'http.ingress.ext_proc.failure_mode_allowed';

/** Until so many more requests were answered. */
function answers(load: Load, more: number): Promise<void> {
  const enough = load.count + more;
  return eventually(() => expect(load.count).toBeGreaterThan(enough));
}

describe.each(TRANSPORT_NAMES)('under traffic over %s', (transport) => {
  const world = useMesh({ policy, sluice: { args: ['--transport', transport] } });
  const load = () => startLoad({ port: world.mesh.envoy.port, path: () => '/primary/x', connections: 16, pauseMs: 5 });

  it('a SIGTERM ends Sluice with status 0 and no request fails, before, during and after', async () => {
    const traffic = load();
    await answers(traffic, 200);
    expect(await world.mesh.sluice.stop()).toBe(0);
    expect(world.mesh.sluice.stderr()).toBe('');
    await answers(traffic, 200);
    await world.mesh.restartSluice();
    await eventually(async () =>
      expect((await world.mesh.sluice.metrics()).metric('sluice_requests_total')).toBeGreaterThan(100),
    );
    await traffic.stop();
    expect(Object.fromEntries(traffic.statuses)).toEqual({ 200: traffic.count });
  });

  it('a kill fails no request, and what was lost is counted by Envoy', async () => {
    const before = await world.mesh.envoy.counter(LOST);
    const traffic = load();
    await answers(traffic, 200);
    await world.mesh.sluice.kill();
    await answers(traffic, 300);
    await traffic.stop();
    expect(Object.fromEntries(traffic.statuses)).toEqual({ 200: traffic.count });
    expect(await world.mesh.envoy.counter(LOST)).toBeGreaterThan(before);
    await world.mesh.restartSluice();
  });

  it('leaves nothing behind in the one that is started next', async () => {
    await eventually(async () => {
      await world.mesh.request('/primary/y');
      expect((await world.mesh.sluice.metrics()).metric('sluice_requests_total')).toBeGreaterThan(0);
    });
    const { metric } = await settled(world.mesh);
    expect(metric('sluice_faults_total')).toBe(0);
  });
});

describe('a SIGTERM while an answer is held', () => {
  it('finishes the wait and the retry first', async () => {
    await using mesh = await startMesh({ policy });
    const { flaky } = mesh.upstreams;
    flaky.behave(inTurn(respond(503, { headers: { 'retry-after-ms': '600' } }), respond(200, { body: 'saved' })));
    const request = mesh.request('/flaky/held');
    await eventually(() => expect(flaky.requests).toHaveLength(1));
    const stopped = mesh.sluice.stop();
    expect(await request).toMatchObject({ status: 200, body: 'saved' });
    expect(flaky.requests).toHaveLength(2);
    expect(await stopped).toBe(0);
  });
});

describe('a Unix socket', () => {
  it('carries decisions and trace like an address does, a stale one is replaced, and it is gone at the end', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'sluice-socket-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const path = join(directory, 's.sock');
    const first = await startSluice({ policy, grpc: `unix:${path}` });
    // As a crash leaves it behind.
    await first.kill();
    const sluice = await startSluice({ policy, grpc: `unix:${path}` });
    onTestFinished(async () => {
      await sluice.stop();
    });
    expect(existsSync(path)).toBe(true);
    expect(sluice.grpc).toBe(`unix:${path}`);
    const patch = (bootstrap: JsonObject) => {
      const pipe = endpoints('sluice', '127.0.0.1', 1);
      const text = JSON.stringify(pipe).replace(
        '{"socket_address":{"address":"127.0.0.1","port_value":1}}',
        JSON.stringify({ pipe: { path } }),
      );
      Object.assign(cluster(bootstrap, 'sluice'), JSON.parse(text));
    };
    await using mesh = await startMesh({ policy: null, envoy: { patch } });
    mesh.upstreams.flaky.behave(inTurn(respond(503), respond(200)));
    expect((await mesh.request('/flaky/x')).status).toBe(200);
    const record = await recordOf({ sluice }, '/flaky/x');
    expect(record).toMatchObject({ result: 'success', attempts: [{ status: 503 }, { status: 200 }] });
    await expectNothingLost(mesh, await settled({ sluice }));
    expect(await mesh.envoy.counter('cluster.sluice.upstream_cx_connect_fail')).toBe(0);
    expect(await sluice.stop()).toBe(0);
    expect(existsSync(path)).toBe(false);
  });
});
