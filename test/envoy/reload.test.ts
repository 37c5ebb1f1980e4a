// The policy file changes while requests come: a good one is in force at once and every circuit keeps its state; a bad one
// changes nothing, and is reported with every error in it.

import { describe, expect, it } from 'vitest';
import { respond } from '../support/behaviour.js';
import { eventually } from '../support/eventually.js';
import { settled } from '../support/settled.js';
import { useMesh } from '../support/use-mesh.js';

const policy = (maxRetries: number, requests: number) => ({
  defaults: {
    circuit: { minimumRequests: 4, window: { requests, duration: '1h' }, open: { base: '60s', jitter: 0 } },
    retry: { maxRetries },
  },
});

const world = useMesh({ policy: policy(1, 100) });

async function reloads(result: string): Promise<number> {
  return (await world.mesh.sluice.metrics()).metric('sluice_policy_reloads_total', { result });
}

async function inForce(): Promise<unknown> {
  return (await world.mesh.sluice.fetch('/policy')).json();
}

describe('a changed policy file', () => {
  it('is in force for the next request, and an open circuit stays open, with its time', async () => {
    world.mesh.upstreams.primary.behave(respond(500));
    for (let count = 0; count < 4; count += 1) await world.mesh.request('/primary/fails');
    for (let count = 0; count < 3; count += 1) await world.mesh.request('/secondary/x');
    await settled(world.mesh);
    const before = await world.mesh.sluice.circuit('primary');
    expect(before.state).toBe('open');
    await world.mesh.sluice.writePolicy(policy(3, 50));
    await eventually(async () => expect(await reloads('applied')).toBe(1));
    expect(await world.mesh.sluice.circuit('primary')).toEqual(before);
    expect(await world.mesh.sluice.circuit('secondary')).toMatchObject({ state: 'closed', requests: 3 });
    expect((await world.mesh.request('/primary/x')).headers['x-sluice-reason']).toBe('circuit_open');
    const connects = 'cluster.refusing.upstream_cx_connect_fail';
    await world.mesh.request('/refusing/x');
    expect(await world.mesh.envoy.counter(connects)).toBe(4);
    expect(world.mesh.sluice.logs().filter(({ event }) => event === 'policy_applied')).toHaveLength(1);
  });

  it('with errors changes nothing, and is told in the log with each of them, and counted', async () => {
    const before = { policy: await inForce(), circuit: await world.mesh.sluice.circuit('primary') };
    const bad = 'defaults:\n  retry:\n    maxRetries: many\n    statuses: [9]\n  circuit:\n    failureRatio: 2\n';
    await world.mesh.sluice.writePolicy(bad);
    await eventually(async () => expect(await reloads('rejected')).toBe(1));
    expect(await inForce()).toEqual(before.policy);
    expect(await world.mesh.sluice.circuit('primary')).toEqual(before.circuit);
    const line = world.mesh.sluice.logs().find(({ event }) => event === 'policy_rejected');
    expect(line).toMatchObject({ level: 'error', errors: expect.any(Array) });
    const errors = JSON.stringify(line?.errors);
    for (const path of ['maxRetries', 'statuses', 'failureRatio']) expect(errors).toContain(path);
    expect((await world.mesh.request('/secondary/x')).status).toBe(200);
    await settled(world.mesh);
  });

  it('that is good again is in force again', async () => {
    await world.mesh.sluice.writePolicy(policy(2, 50));
    await eventually(async () => expect(await reloads('applied')).toBe(2));
    expect(JSON.stringify(await inForce())).toContain('"maxRetries":2');
    expect((await world.mesh.sluice.circuit('primary')).state).toBe('open');
  });
});
