// Under load no decision may be lost, and afterwards nothing may be held: Envoy's counters, the upstream and Sluice have to
// tell of the same number of requests.

import { expect, it } from 'vitest';
import { eventually, pause } from '../support/eventually.js';
import { startLoad } from '../support/load.js';
import { settled } from '../support/settled.js';
import { useMesh } from '../support/use-mesh.js';
import { expectNothingLost, WATCHING } from './rows/run.js';

const LOAD_MS = 10_000;

const world = useMesh({
  policy: {
    defaults: { circuit: WATCHING, retry: { maxRetries: 1, budget: { ratio: 1 } } },
    clusters: { refusing: { fallback: ['secondary'] }, flaky: { retry: { judge: true } } },
  },
});

/** Of ten requests one is refused and saved by the fallback; the rest go to a cluster with a judge and one without. */
function pathOf(index: number): string {
  if (index % 10 === 3) return '/refusing/x';
  return index % 2 === 0 ? '/primary/x' : '/flaky/x';
}

it('32 connections for ten seconds: no decision lost, every stream closed, every attempt settled, nothing held', async () => {
  const load = startLoad({ port: world.mesh.envoy.port, path: pathOf, connections: 32, pauseMs: 20 });
  await pause(LOAD_MS);
  // Enough of them, on a busy machine too: Node's HTTP/2 loses streams from a thousand resets on.
  await eventually(() => expect(load.count).toBeGreaterThan(2_000), 60_000);
  await load.stop();
  expect(Object.fromEntries(load.statuses)).toEqual({ 200: load.count });
  const metrics = await settled(world.mesh);
  await expectNothingLost(world.mesh, metrics);
  expect(metrics.metric('sluice_requests_total', { decision: 'admit' })).toBe(load.count);
  const refused = metrics.metric('sluice_requests_total', { cluster: 'refusing' });
  expect(refused).toBeGreaterThan(100);
  expect(metrics.metric('sluice_attempts_total', { outcome: 'success' })).toBe(load.count);
  expect(metrics.metric('sluice_attempts_total', { outcome: 'failure' })).toBe(refused);
  expect(metrics.metric('sluice_attempts_total', { outcome: 'ignored' })).toBe(0);
  expect(metrics.metric('sluice_retries_total', { result: 'saved' })).toBe(refused);
  const { primary, flaky, secondary } = world.mesh.upstreams;
  expect(primary.requests.length + flaky.requests.length + secondary.requests.length).toBe(load.count);
  await eventually(async () => {
    const stats = await world.mesh.envoy.stats('http.ingress');
    for (const prefix of ['http.ingress.ext_proc', 'http.ingressext_proc']) {
      const started = stats.get(`${prefix}.streams_started`);
      expect(started, prefix).toBeGreaterThan(100);
      expect(stats.get(`${prefix}.streams_closed`), prefix).toBe(started);
    }
  });
}, 120_000);
