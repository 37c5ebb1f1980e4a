// An overloaded cluster gets a rest, through a real Envoy: the circuit opens, refuses at once, lets a bounded number of
// probes through, and closes or opens again by what they meet.

import { beforeEach, describe, expect, it } from 'vitest';
import { hang, respond } from '../support/behaviour.js';
import type { Answer } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { callGrpc } from '../support/grpc-client.js';
import { grpcTrailersOnly } from '../support/grpc-upstream.js';
import type { UpstreamName } from '../support/mesh.js';
import { settled } from '../support/settled.js';
import { useMesh } from '../support/use-mesh.js';
import { expectNothingLost } from './rows/run.js';

const LONG = { base: '60s', max: '5m', jitter: 0 };
const policy = {
  defaults: {
    circuit: { failureRatio: 0.95, minimumRequests: 4, open: LONG },
    retry: { maxRetries: 1 },
  },
  clusters: {
    // Opens for so short a time that a test can wait for its end.
    slow: { circuit: { open: { base: '150ms', max: '5s', jitter: 0 }, halfOpen: { probes: 3, successes: 3 } } },
    flaky: { circuit: { open: { base: '150ms', max: '5s', jitter: 0 }, halfOpen: { probes: 1, lease: '60s' } } },
  },
};

const world = useMesh({ policy });

beforeEach(() => {
  for (const name of ['primary', 'secondary', 'slow', 'flaky'] as const) {
    world.mesh.upstreams[name].forget();
    world.mesh.upstreams[name].behave(respond(200));
  }
});

/** Fails four requests, which is what a circuit needs here, and waits until it is open. */
async function openCircuit(name: UpstreamName): Promise<void> {
  world.mesh.upstreams[name].behave(respond(503));
  for (let count = 0; count < 4; count += 1) await world.mesh.request(`/${name}/fails`);
  await eventually(async () => expect(await world.mesh.sluice.circuit(name)).toMatchObject({ state: 'open' }));
  await settled(world.mesh);
  world.mesh.upstreams[name].forget();
}

async function stateIs(name: string, state: string): Promise<void> {
  await eventually(async () => expect((await world.mesh.sluice.circuit(name)).state).toBe(state));
}

function ofSluice(answer: Answer, cluster: string, reason: string) {
  expect(answer).toMatchObject({
    status: 503,
    headers: {
      'content-type': 'application/problem+json',
      'retry-after': expect.stringMatching(/^[1-9]\d*$/),
      'x-sluice-reason': reason,
      'x-sluice-cluster': cluster,
    },
  });
  expect(JSON.parse(answer.body)).toMatchObject({ status: 503, reason, cluster });
}

describe('an open circuit', () => {
  it('S7: answers 503 at once, leaves the upstream alone, and does not count its own refusals', async () => {
    await openCircuit('primary');
    const before = await world.mesh.sluice.circuit('primary');
    for (let count = 0; count < 5; count += 1)
      ofSluice(await world.mesh.request('/primary/x'), 'primary', 'circuit_open');
    const metrics = await settled(world.mesh);
    expect(world.mesh.upstreams.primary.requests).toEqual([]);
    expect(await world.mesh.sluice.circuit('primary')).toEqual(before);
    expect(before).toMatchObject({ requests: 4, failures: 4, failureRatio: 1, reason: 'failure_ratio' });
    const labels = { cluster: 'primary', reason: 'circuit_open' };
    expect(metrics.metric('sluice_short_circuits_total', labels)).toBe(5);
    expect(metrics.metric('sluice_requests_total', { cluster: 'primary', decision: 'short_circuit' })).toBe(5);
    expect(metrics.metric('sluice_circuit_state', { cluster: 'primary', state: 'open' })).toBe(1);
    expect(await world.mesh.envoy.counter('cluster.primary.upstream_rq_total')).toBe(4);
  });

  it('S8: names the reason and the time to come back, to any client', async () => {
    const answer = await world.mesh.request('/primary/y', { method: 'POST', body: 'x'.repeat(100) });
    ofSluice(answer, 'primary', 'circuit_open');
    const retryAt = Date.parse((await world.mesh.sluice.circuit('primary')).retryAt ?? '');
    const promised = Date.now() + Number(answer.headers['retry-after']) * 1000;
    expect(Math.abs(promised - retryAt)).toBeLessThan(2_000);
    const record = (await world.mesh.sluice.requests())[0];
    expect(record).toMatchObject({
      path: '/primary/y',
      decision: 'short_circuit',
      reason: 'circuit_open',
      attempts: [],
      result: 'short_circuited',
      status: 503,
    });
  });

  it('S8: is UNAVAILABLE to a gRPC client', async () => {
    world.mesh.upstreams.grpc.behave(grpcTrailersOnly(14));
    for (let count = 0; count < 4; count += 1) {
      expect(await callGrpc(world.mesh.envoy.port, '/grpc/Fails')).toMatchObject({ grpcStatus: '14' });
    }
    await stateIs('grpc', 'open');
    const calls = world.mesh.upstreams.grpc.calls.length;
    const answer = await callGrpc(world.mesh.envoy.port, '/grpc/Echo');
    expect(answer).toMatchObject({ status: 200, grpcStatus: '14', trailersOnly: true });
    expect(decodeURIComponent(answer.grpcMessage)).toContain('grpc has failed too often');
    expect(answer.headers).toMatchObject({ 'x-sluice-reason': 'circuit_open', 'x-sluice-cluster': 'grpc' });
    expect(world.mesh.upstreams.grpc.calls).toHaveLength(calls);
  });

  it('S13: leaves another cluster as it was, in state and in latency', async () => {
    const durations: number[] = [];
    for (let count = 0; count < 10; count += 1) {
      const answer = await world.mesh.request('/secondary/x');
      expect(answer.status).toBe(200);
      durations.push(answer.durationMs);
      await world.mesh.request('/primary/x');
    }
    await settled(world.mesh);
    expect(await world.mesh.sluice.circuit('secondary')).toMatchObject({ state: 'closed', requests: 10, failures: 0 });
    expect(durations.sort((a, b) => a - b)[5]).toBeLessThan(100);
  });

  it('tells of its opening in the log, with the figures and the time of the next probe', () => {
    const line = world.mesh.sluice.logs().find((each) => each.event === 'circuit_opened' && each.cluster === 'primary');
    expect(line).toMatchObject({
      from: 'closed',
      to: 'open',
      reason: 'failure_ratio',
      requests: 4,
      ratio: 1,
      streak: 4,
      retryAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });
});

describe('a half-open circuit', () => {
  it('lets as many probes through as it is told, under 20 requests at once, and answers the rest', async () => {
    await openCircuit('slow');
    world.mesh.upstreams.slow.behave(respond(200, { delayMs: 150 }));
    await stateIs('slow', 'half_open');
    const answers = await Promise.all(Array.from({ length: 20 }, () => world.mesh.request('/slow/probe')));
    const refused = answers.filter((answer) => answer.status === 503);
    for (const answer of refused) ofSluice(answer, 'slow', 'probe_limit');
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(3);
    expect(world.mesh.upstreams.slow.requests).toHaveLength(3);
    expect(refused).toHaveLength(17);
    await stateIs('slow', 'closed');
  });

  it('closes when its probe succeeds', async () => {
    await openCircuit('flaky');
    world.mesh.upstreams.flaky.behave(respond(200));
    await stateIs('flaky', 'half_open');
    expect((await world.mesh.request('/flaky/probe')).status).toBe(200);
    await stateIs('flaky', 'closed');
    expect(await world.mesh.sluice.circuit('flaky')).toMatchObject({ reason: 'probes_succeeded', requests: 0 });
  });

  it('opens again, for longer, when its probe fails', async () => {
    await openCircuit('flaky');
    const first = await world.mesh.sluice.circuit('flaky');
    await stateIs('flaky', 'half_open');
    expect((await world.mesh.request('/flaky/probe')).status).toBe(503);
    await eventually(async () => expect((await world.mesh.sluice.circuit('flaky')).reason).toBe('probe_failed'));
    const second = await world.mesh.sluice.circuit('flaky');
    const openMs = (circuit: typeof first) => Date.parse(circuit.retryAt ?? '') - Date.parse(circuit.openedAt ?? '');
    expect(openMs(second)).toBe(2 * openMs(first));
    expect(world.mesh.upstreams.flaky.requests).toHaveLength(1);
    await stateIs('flaky', 'half_open');
    world.mesh.upstreams.flaky.behave(respond(200));
    expect((await world.mesh.request('/flaky/probe')).status).toBe(200);
    await stateIs('flaky', 'closed');
  });

  it('R7: takes the permit back of a probe whose client went away, and says nothing of the upstream', async () => {
    await openCircuit('flaky');
    world.mesh.upstreams.flaky.behave(hang);
    await stateIs('flaky', 'half_open');
    const leaving = new AbortController();
    const gone = expect(world.mesh.request('/flaky/probe', { signal: leaving.signal })).rejects.toThrow('abort');
    await eventually(() => expect(world.mesh.upstreams.flaky.requests).toHaveLength(1));
    ofSluice(await world.mesh.request('/flaky/second'), 'flaky', 'probe_limit');
    leaving.abort();
    await gone;
    await settled(world.mesh);
    expect((await world.mesh.sluice.circuit('flaky')).state).toBe('half_open');
    world.mesh.upstreams.flaky.behave(respond(200));
    expect((await world.mesh.request('/flaky/third')).status).toBe(200);
    await stateIs('flaky', 'closed');
  });

  it('lost no decision and no evidence on the way', async () => {
    await expectNothingLost(world.mesh, await settled(world.mesh));
  });
});
