// An open circuit is no answer where another cluster can serve: the request goes there, and only where none can is it
// refused, with the time of the one that is back first.

import { describe, expect, it } from 'vitest';
import { respond } from '../support/behaviour.js';
import { eventually } from '../support/eventually.js';
import type { UpstreamName } from '../support/mesh.js';
import { recordOf, settled } from '../support/settled.js';
import { useMesh } from '../support/use-mesh.js';
import { expectNothingLost } from './rows/run.js';

const opens = (base: string) => ({ circuit: { minimumRequests: 3, open: { base, max: '1h', jitter: 0 } } });
const policy = {
  defaults: { retry: { maxRetries: 1 } },
  clusters: { primary: { ...opens('600s'), fallback: ['secondary'] }, secondary: opens('60s') },
};

const world = useMesh({ policy });

async function openCircuit(name: UpstreamName): Promise<void> {
  world.mesh.upstreams[name].behave(respond(500));
  for (let count = 0; count < 3; count += 1) await world.mesh.request(`/${name}/fails`);
  await eventually(async () => expect((await world.mesh.sluice.circuit(name)).state).toBe('open'));
  world.mesh.upstreams[name].forget();
}

describe('rerouting', () => {
  it('sends requests to the fallback while the circuit is open, bodies included', async () => {
    await openCircuit('primary');
    world.mesh.upstreams.secondary.behave(respond(200, { body: 'from the fallback' }));
    const answer = await world.mesh.request('/primary/x', { method: 'POST', body: 'hello' });
    expect(answer).toMatchObject({ status: 200, body: 'from the fallback' });
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('x-sluice-'))).toEqual([]);
    expect(world.mesh.upstreams.primary.requests).toEqual([]);
    expect(world.mesh.upstreams.secondary.requests).toMatchObject([{ method: 'POST', bodyBytes: 5, attempt: 1 }]);
    expect(await recordOf(world.mesh, '/primary/x')).toMatchObject({
      cluster: 'primary',
      decision: 'reroute',
      attempts: [{ attempt: 1, cluster: 'secondary', outcome: 'success' }],
      result: 'success',
    });
  });

  it('counts it, by the cluster it was for and the one that served it', async () => {
    const metrics = await settled(world.mesh);
    expect(metrics.metric('sluice_reroutes_total', { from: 'primary', to: 'secondary' })).toBe(1);
    expect(metrics.metric('sluice_requests_total', { cluster: 'primary', decision: 'reroute' })).toBe(1);
    expect(metrics.metric('sluice_short_circuits_total')).toBe(0);
    expect(await world.mesh.sluice.circuit('primary')).toMatchObject({ state: 'open', requests: 3 });
    expect(await world.mesh.sluice.circuit('secondary')).toMatchObject({ state: 'closed', requests: 1, failures: 0 });
  });

  it('refuses with the sooner of the two times where both are open', async () => {
    world.mesh.upstreams.secondary.behave(respond(500));
    for (let count = 0; (await world.mesh.sluice.circuit('secondary')).state === 'closed'; count += 1) {
      expect(count).toBeLessThan(100);
      await world.mesh.request('/secondary/fails');
    }
    await settled(world.mesh);
    world.mesh.upstreams.secondary.forget();
    const answer = await world.mesh.request('/primary/y');
    expect(answer).toMatchObject({
      status: 503,
      headers: { 'x-sluice-reason': 'circuit_open', 'x-sluice-cluster': 'primary' },
    });
    // The primary is back in ten minutes, the fallback in one.
    expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(50);
    expect(world.mesh.upstreams.primary.requests).toEqual([]);
    expect(world.mesh.upstreams.secondary.requests).toEqual([]);
    expect(await recordOf(world.mesh, '/primary/y')).toMatchObject({ decision: 'short_circuit', attempts: [] });
  });

  it('lost no decision and no evidence on the way', async () => {
    await expectNothingLost(world.mesh, await settled(world.mesh));
  });
});
