// Envoys before 1.40 cannot give every attempt a cluster of its own. What is left there, and how far it goes, is shown by
// the two bootstraps of deploy/envoy on the real binaries; the README's table of versions says what this file proves.

import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { echo, inTurn, respond } from '../support/behaviour.js';
import { type BlackHole, startBlackHole } from '../support/black-hole.js';
import { at, cluster, type Json, type JsonObject, object, virtualHost } from '../support/bootstrap.js';
import { ENVOY_VERSION, envoyBinary } from '../support/envoy-binary.js';
import { eventually } from '../support/eventually.js';
import { startLoad } from '../support/load.js';
import type { Mesh } from '../support/mesh.js';
import { recordOf, recordsOf, settled } from '../support/settled.js';
import { useMesh } from '../support/use-mesh.js';
import { expectNothingLost } from './rows/run.js';

const DOWNLOAD_MS = 300_000;
const LOAD = 200;

function shipped(name: string): string {
  return fileURLToPath(new URL(`../../deploy/envoy/${name}.yaml`, import.meta.url));
}

/** A cluster like `pool`, whose first host neither takes a connection nor refuses it for 0.3 s. */
function addHole(bootstrap: JsonObject, port: number): void {
  const copy = (value: Json) => object(JSON.parse(JSON.stringify(value).replaceAll('pool', 'hole')) as Json);
  const added = copy(cluster(bootstrap, 'pool'));
  const path = ['load_assignment', 'endpoints', 0, 'lb_endpoints', 0, 'endpoint', 'address', 'socket_address'] as const;
  object(at(added, ...path)).port_value = port;
  const clusters = at(bootstrap, 'static_resources', 'clusters');
  const routes = at(virtualHost(bootstrap), 'routes');
  if (!Array.isArray(clusters) || !Array.isArray(routes)) throw new Error('clusters and routes are no lists');
  clusters.push(added);
  routes.push(...routes.filter((each) => object(each).name === 'pool').map(copy));
}

/** Opens after three results, half of them bad, for longer than any test. */
const circuit = { minimumRequests: 3, failureRatio: 0.5, open: { base: '600s', max: '1h', jitter: 0 } };
const retry = { maxRetries: 1, statuses: [503], budget: { ratio: 1 } };

function serveAgain({ upstreams }: Mesh): void {
  for (const name of ['primary', 'secondary', 'poolB'] as const) {
    upstreams[name].forget();
    upstreams[name].behave(respond(200));
  }
}

async function failUntilOpen(mesh: Mesh, name: 'primary' | 'secondary', path: string): Promise<void> {
  mesh.upstreams[name].behave(respond(500));
  const state = async () => (await mesh.sluice.circuits()).find((each) => each.cluster === name)?.state;
  for (let count = 0; (await state()) !== 'open'; count += 1) {
    expect(count).toBeLessThan(50);
    await mesh.request(path);
    await settled(mesh);
  }
  mesh.upstreams[name].forget();
}

/** Every request was decided on, and every stream closed in peace. */
async function expectLoadServed(mesh: Mesh, path: string): Promise<void> {
  const load = startLoad({ port: mesh.envoy.port, path: () => path, connections: 8, pauseMs: 5 });
  await eventually(() => expect(load.count).toBeGreaterThan(LOAD), 60_000);
  await load.stop();
  expect(Object.fromEntries(load.statuses)).toEqual({ 200: load.count });
  const metrics = await settled(mesh);
  await expectNothingLost(mesh, metrics);
}

describe.each(['1.36.2', '1.39.3', ENVOY_VERSION])('cluster_header on Envoy %s', (version) => {
  beforeAll(() => envoyBinary(version), DOWNLOAD_MS);
  let hole: BlackHole | undefined;
  afterAll(async () => {
    await hole?.[Symbol.asyncDispose]();
  });
  const policy = {
    defaults: { retry },
    clusters: {
      primary: { fallback: ['secondary'], circuit },
      secondary: { circuit },
      // One retry an hour.
      hole: { retry: { budget: { ratio: 0, minPerSecond: 0.0003, window: '1h' } } },
    },
    routes: { checkout: { cluster: 'primary' }, pool: { cluster: 'pool' }, hole: { cluster: 'hole' } },
  };
  const world = useMesh(async () => {
    hole = await startBlackHole();
    const { port } = hole;
    const patch = (bootstrap: JsonObject) => addHole(bootstrap, port);
    const envoy = { version, config: shipped('cluster-header'), patch };
    return { policy, upstreams: { poolA: 'refused' }, envoy };
  });
  beforeEach(() => serveAgain(world.mesh));

  it("goes to the policy's cluster whatever the client says, and tells the upstream nothing of it", async () => {
    world.mesh.upstreams.primary.behave(echo);
    const { body } = await world.mesh.request('/checkout/a', { headers: { 'x-sluice-cluster': 'secondary' } });
    const ours = Object.keys(JSON.parse(body) as object).filter((name) => name.startsWith('x-sluice-'));
    expect(ours).toEqual(['x-sluice-id']);
    expect(await recordOf(world.mesh, '/checkout/a')).toMatchObject({
      route: 'checkout',
      cluster: 'primary',
      decision: 'admit',
      attempts: [{ cluster: 'primary', stage: 'response', outcome: 'success' }],
    });
  });

  it('goes to the cluster named like the route where neither Envoy nor the policy names one', async () => {
    expect((await world.mesh.request('/secondary/a')).status).toBe(200);
    expect(await recordOf(world.mesh, '/secondary/a')).toMatchObject({
      cluster: 'secondary',
      attempts: [{ cluster: 'secondary' }],
    });
  });

  it('retries a refused connection on another host of the same cluster', async () => {
    for (const _ of [1, 2]) expect((await world.mesh.request('/pool/refused')).status).toBe(200);
    const records = await recordsOf(world.mesh, '/pool/refused');
    const retried = records.find(({ attempts }) => attempts.length === 2);
    expect(retried?.attempts).toMatchObject([
      { cluster: 'pool', stage: 'connect', error: 'connection_refused', outcome: 'failure' },
      { cluster: 'pool', stage: 'response', outcome: 'success' },
    ]);
  });

  it('has a gate: retries that were granted are refused once the budget is spent', async () => {
    const paths = Array.from({ length: 8 }, (_, index) => `/hole/${index}`);
    const answers = await Promise.all(paths.map((path) => world.mesh.request(path)));
    const refused = paths.filter((_, index) => answers[index]?.headers['x-sluice-reason'] === 'retry_budget');
    expect(refused.length).toBeGreaterThan(0);
    for (const path of refused) {
      const record = await recordOf(world.mesh, path);
      expect(record).toMatchObject({ maxRetries: 1, result: 'refused', notRetried: 'retry_budget', status: 503 });
      expect(record.attempts).toMatchObject([{ attempt: 1, cluster: 'hole', stage: 'connect' }]);
    }
    expect(world.mesh.upstreams.poolB.requests.filter(({ attempt }) => attempt === 2)).toHaveLength(1);
  });

  it('retries a status on the same cluster, though there is a fallback: the plan says so too', async () => {
    world.mesh.upstreams.primary.behave(inTurn(respond(503), respond(200)));
    expect((await world.mesh.request('/checkout/503')).status).toBe(200);
    expect((await recordOf(world.mesh, '/checkout/503')).attempts).toMatchObject([
      { cluster: 'primary', status: 503, outcome: 'failure' },
      { cluster: 'primary', status: 200, outcome: 'success' },
    ]);
    expect(world.mesh.upstreams.secondary.requests).toEqual([]);
  });

  it('goes to the fallback while the circuit is open, with all its attempts', async () => {
    const { primary, secondary } = world.mesh.upstreams;
    await failUntilOpen(world.mesh, 'primary', '/checkout/fails');
    secondary.behave(inTurn(respond(503), respond(200, { body: 'from the fallback' })));
    const answer = await world.mesh.request('/checkout/b', { method: 'PUT', body: 'hello' });
    expect(answer).toMatchObject({ status: 200, body: 'from the fallback' });
    expect(primary.requests).toEqual([]);
    expect(await recordOf(world.mesh, '/checkout/b')).toMatchObject({
      cluster: 'primary',
      decision: 'reroute',
      attempts: [
        { cluster: 'secondary', status: 503 },
        { cluster: 'secondary', status: 200 },
      ],
    });
  });

  it('is answered 503 where the circuit of the fallback is open as well', async () => {
    const { primary, secondary } = world.mesh.upstreams;
    await failUntilOpen(world.mesh, 'secondary', '/secondary/fails');
    const headers = { 'x-sluice-reason': 'circuit_open', 'x-sluice-cluster': 'primary' };
    expect(await world.mesh.request('/checkout/c')).toMatchObject({ status: 503, headers });
    expect([...primary.requests, ...secondary.requests]).toEqual([]);
  });

  it('loses no decision under load', () => expectLoadServed(world.mesh, '/pool/load'));

  it('is served without Sluice by the second entry of a route; the client still has no say', async () => {
    const { primary, secondary } = world.mesh.upstreams;
    await world.mesh.sluice.kill();
    const headers = { 'x-sluice-cluster': 'secondary' };
    expect((await world.mesh.request('/checkout/d', { headers })).status).toBe(200);
    expect(primary.requests).toHaveLength(1);
    expect((await world.mesh.request('/secondary/d', { headers })).status).toBe(503);
    expect(secondary.requests).toEqual([]);
  });
});

describe.each(['1.39.3', ENVOY_VERSION])('a composite cluster on Envoy %s', (version) => {
  beforeAll(() => envoyBinary(version), DOWNLOAD_MS);
  const wait = { base: '100ms', jitter: 'none' };
  const world = useMesh({
    policy: {
      defaults: { retry: { ...retry, backoff: wait } },
      clusters: {
        models: { retry: { judge: true }, circuit: { ...circuit, failureRatio: 0.6, window: { requests: 10 } } },
        primary: { circuit },
        secondary: { circuit },
      },
    },
    envoy: { version, config: shipped('composite') },
  });
  beforeEach(() => serveAgain(world.mesh));

  it('sends a retry of a refused connection to the next cluster; the record names both', async () => {
    await world.mesh.upstreams.primary.refuse();
    expect((await world.mesh.request('/models/refused')).status).toBe(200);
    await world.mesh.upstreams.primary.accept();
    expect(await recordOf(world.mesh, '/models/refused')).toMatchObject({
      cluster: 'models',
      attempts: [
        { cluster: 'primary', stage: 'connect', error: 'connection_refused' },
        { cluster: 'secondary', stage: 'response', outcome: 'success' },
      ],
    });
  });

  it('has a judge, which must be that of the composite', async () => {
    const { primary, secondary } = world.mesh.upstreams;
    primary.behave(respond(503));
    expect((await world.mesh.request('/models/503')).status).toBe(200);
    const gap = (secondary.requests[0]?.atMs ?? 0) - (primary.requests[0]?.atMs ?? 0);
    expect(gap).toBeGreaterThanOrEqual(95);
    expect((await recordOf(world.mesh, '/models/503')).attempts).toMatchObject([
      { cluster: 'primary', status: 503, outcome: 'failure' },
      { cluster: 'secondary', status: 200, outcome: 'success', waitMs: 100 },
    ]);
  });

  it('passes by no cluster whose circuit is open: those behind the composite are only shown', async () => {
    const { primary } = world.mesh.upstreams;
    primary.behave(respond(503));
    await world.mesh.request('/models/open1');
    await settled(world.mesh);
    expect(await world.mesh.sluice.circuit('primary')).toMatchObject({ state: 'open', requests: 3, failures: 3 });
    expect(await world.mesh.sluice.circuit('secondary')).toMatchObject({ state: 'closed', requests: 3, failures: 0 });
    expect(await world.mesh.sluice.circuit('models')).toMatchObject({ state: 'closed', failures: 2 });
    primary.forget();
    expect((await world.mesh.request('/models/open2')).status).toBe(200);
    expect(primary.requests).toHaveLength(1);
  });

  it('loses no decision under load', () => expectLoadServed(world.mesh, '/models/load'));

  it('is answered 503 under its own name once its own circuit is open', async () => {
    const { primary, secondary } = world.mesh.upstreams;
    for (const each of [primary, secondary]) each.behave(respond(503));
    let answer = await world.mesh.request('/models/x');
    for (let count = 0; answer.headers['x-sluice-reason'] === undefined; count += 1) {
      expect(count).toBeLessThan(20);
      answer = await world.mesh.request('/models/x');
    }
    expect(answer).toMatchObject({
      status: 503,
      headers: { 'x-sluice-reason': 'circuit_open', 'x-sluice-cluster': 'models' },
    });
  });
});
