// Between the grant and a retry time goes by: circuit, budget and deadline are asked again before it is sent, and a refusal
// ends the request with an answer that says so. Each test holds the retry back by the wait of its policy.

import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { inTurn, respond } from '../support/behaviour.js';
import { type BlackHole, startBlackHole } from '../support/black-hole.js';
import { type JsonObject, object, route } from '../support/bootstrap.js';
import type { Answer } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { addUpstream, hosts } from '../support/routes.js';
import { recordOf, settled } from '../support/settled.js';
import { useMesh } from '../support/use-mesh.js';
import { expectNothingLost } from './rows/run.js';

const TOKEN = 'for-the-test';
const MEAN = { ratio: 0, minPerSecond: 0.0003, window: '1h' };
const policy = {
  defaults: {
    circuit: { minimumRequests: 1000, window: { requests: 1000, duration: '1h' } },
    retry: { maxRetries: 3, budget: { ratio: 0, minPerSecond: 1, window: '1h' } },
  },
  clusters: {
    flaky: {
      retry: { judge: true, statuses: [503], backoff: { base: '2s', max: '2s', jitter: 'none' } },
    },
    // One retry an hour.
    poor: { fallback: ['secondary'], retry: { maxRetries: 1, budget: MEAN } },
    refusing: { retry: { budget: MEAN } },
    connecting: { fallback: ['secondary'] },
    provider: { retry: { judge: true, statuses: [503], honour: { retryAfter: true, max: '8s' } } },
  },
};

/** Connections that neither come about nor fail for a while: time to change something before the retry. */
function patch(bootstrap: JsonObject, holePort: number): void {
  addUpstream(bootstrap, 'poor', hosts('poor', holePort));
  addUpstream(bootstrap, 'connecting', { ...hosts('connecting', holePort), connect_timeout: '2s' });
  object(route(bootstrap, 'provider').route).timeout = '4s';
}

let hole: BlackHole | undefined;
afterAll(async () => {
  await hole?.[Symbol.asyncDispose]();
});

const world = useMesh(async () => {
  hole = await startBlackHole();
  const { port } = hole;
  const sluice = { env: { SLUICE_ADMIN_TOKEN: TOKEN } };
  return { policy, sluice, envoy: { patch: (bootstrap) => patch(bootstrap, port) } };
});

beforeEach(() => {
  for (const name of ['flaky', 'provider'] as const) {
    world.mesh.upstreams[name].forget();
    world.mesh.upstreams[name].behave(respond(200));
  }
});

async function force(cluster: string, state: string): Promise<void> {
  const response = await world.mesh.sluice.fetch(`/circuits/${cluster}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ state }),
  });
  expect(response.status).toBe(200);
}

function expectRefusal(answer: Answer, cluster: string, reason: string): void {
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

async function budgetOf(cluster: string): Promise<number> {
  const response = await world.mesh.sluice.fetch(`/circuits/${cluster}`);
  return ((await response.json()) as { budgetRemaining: number }).budgetRemaining;
}

async function shortCircuits(cluster: string, reason: string): Promise<number> {
  return (await settled(world.mesh)).metric('sluice_short_circuits_total', { cluster, reason });
}

describe('the gate', () => {
  it('refuses a retry whose circuit opened meanwhile: one attempt was made, and the record says so', async () => {
    const { secondary } = world.mesh.upstreams;
    await world.mesh.request('/secondary/x');
    secondary.forget();
    const request = world.mesh.request('/connecting/x');
    await eventually(async () =>
      expect(await world.mesh.envoy.counter('cluster.connecting.upstream_cx_active')).toBe(1),
    );
    await force('secondary', 'forced_open');
    expectRefusal(await request, 'secondary', 'forced_open');
    expect(secondary.requests).toEqual([]);
    const record = await recordOf(world.mesh, '/connecting/x');
    expect(record).toMatchObject({ result: 'refused', reason: 'forced_open', notRetried: 'forced_open', status: 503 });
    expect(record.attempts).toMatchObject([
      { attempt: 1, cluster: 'connecting', stage: 'connect', outcome: 'failure' },
    ]);
    expect(record.attempts).toHaveLength(1);
    expect(await shortCircuits('secondary', 'forced_open')).toBe(1);
    await force('secondary', 'auto');
  });

  it('refuses retries when the budget is spent: of six that were granted one is sent', async () => {
    const { secondary } = world.mesh.upstreams;
    secondary.forget();
    const paths = Array.from({ length: 6 }, (_, index) => `/poor/x${index}`);
    const answers = await Promise.all(paths.map((path) => world.mesh.request(path)));
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    expect(secondary.requests).toHaveLength(1);
    for (const answer of answers) if (answer.status !== 200) expectRefusal(answer, 'secondary', 'retry_budget');
    for (const [index, path] of paths.entries()) {
      const sent = answers[index]?.status === 200;
      const record = await recordOf(world.mesh, path);
      expect(record.maxRetries).toBe(1);
      expect(record.attempts).toHaveLength(sent ? 2 : 1);
      if (!sent)
        expect(record).toMatchObject({ result: 'refused', reason: 'retry_budget', notRetried: 'retry_budget' });
    }
    expect(await shortCircuits('secondary', 'retry_budget')).toBe(5);
    const { samples } = await world.mesh.sluice.metrics();
    const remaining = samples.find(
      ({ name, labels }) => name === 'sluice_retry_budget_remaining' && labels.cluster === 'poor',
    );
    expect(remaining?.value).toBe(0);
  });

  it('is not asked where the budget was spent before: nothing is granted, and the answer is that of Envoy', async () => {
    const answer = await world.mesh.request('/poor/late');
    expect(answer.status).toBe(503);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('x-sluice-'))).toEqual([]);
    const record = await recordOf(world.mesh, '/poor/late');
    expect(record).toMatchObject({ maxRetries: 0, result: 'failure', reason: null, notRetried: 'retry_budget' });
    expect(record.attempts).toHaveLength(1);
  });

  it('cannot stop a connection that fails before it has answered: then it refused nothing, and every attempt counts', async () => {
    const connects = 'cluster.refusing.upstream_cx_connect_fail';
    const before = await world.mesh.envoy.counter(connects);
    const answer = await world.mesh.request('/refusing/x');
    expect(answer.status).toBe(503);
    const made = (await world.mesh.envoy.counter(connects)) - before;
    const record = await recordOf(world.mesh, '/refusing/x');
    expect(record.attempts).toHaveLength(made);
    if (answer.headers['x-sluice-reason'] === undefined) {
      expect(record).toMatchObject({ result: 'failure', reason: null });
      expect(made).toBe(4);
    } else {
      expect(record).toMatchObject({ result: 'refused', reason: 'retry_budget' });
    }
    expect(await shortCircuits('refusing', 'retry_budget')).toBe(record.result === 'refused' ? 1 : 0);
  });
});

describe('the judge, as the gate of its cluster', () => {
  it('refuses a retry whose circuit opened during the hold, and the upstream never sees it', async () => {
    const { flaky } = world.mesh.upstreams;
    await world.mesh.request('/flaky/known');
    flaky.forget();
    flaky.behave(inTurn(respond(503), respond(200)));
    const before = await budgetOf('flaky');
    const request = world.mesh.request('/flaky/x');
    // Charged when the retry is decided on, which is when the hold begins.
    await eventually(async () => expect(await budgetOf('flaky')).toBe(before - 1));
    await force('flaky', 'forced_open');
    expectRefusal(await request, 'flaky', 'forced_open');
    expect(flaky.requests).toHaveLength(1);
    const record = await recordOf(world.mesh, '/flaky/x');
    expect(record).toMatchObject({ result: 'refused', reason: 'forced_open', attempts: [{ attempt: 1, status: 503 }] });
    expect(record.attempts).toHaveLength(1);
    await force('flaky', 'auto');
  });

  it('I17: lets the answer pass where the wait it asks for does not fit the time left', async () => {
    world.mesh.upstreams.provider.behave(respond(503, { body: 'come back', headers: { 'retry-after': '5' } }));
    const answer = await world.mesh.request('/provider/x');
    expect(answer).toMatchObject({ status: 503, body: 'come back', headers: { 'retry-after': '5' } });
    expect(world.mesh.upstreams.provider.requests).toHaveLength(1);
    expect(await recordOf(world.mesh, '/provider/x')).toMatchObject({ result: 'failure', notRetried: 'deadline' });
  });

  it('sends no retry once the time of the request is up', async () => {
    // Two waits of 2.5 s do not fit into four.
    world.mesh.upstreams.provider.behave(respond(503, { headers: { 'retry-after-ms': '2500' } }));
    const answer = await world.mesh.request('/provider/y');
    expect(answer.status).toBe(503);
    const { provider } = world.mesh.upstreams;
    expect(provider.requests).toHaveLength(2);
    expect(await recordOf(world.mesh, '/provider/y')).toMatchObject({
      notRetried: 'deadline',
      attempts: [{ status: 503 }, { status: 503, waitMs: 2500 }],
    });
  });

  it('lost no decision and no evidence on the way', async () => {
    await expectNothingLost(world.mesh, await settled(world.mesh));
  });
});
