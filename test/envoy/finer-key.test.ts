// A finer key than the cluster, through a real Envoy: one cluster serves several models, one of them is overloaded, and only
// that one is given a rest. The upstream's own list of requests is the proof.

import { beforeEach, describe, expect, it } from 'vitest';
import { respond } from '../support/behaviour.js';
import type { Answer } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { recordOf, settled } from '../support/settled.js';
import type { ReceivedRequest } from '../support/upstream.js';
import { useMesh } from '../support/use-mesh.js';
import type { CircuitDetailView } from '../support/views.js';
import { expectNothingLost } from './rows/run.js';

const TOKEN = 'for-the-test';
const OPEN = { base: '60s', max: '5m', jitter: 0 };
const policy = {
  defaults: {
    circuit: { failureRatio: 0.5, minimumRequests: 4, open: OPEN },
    retry: { maxRetries: 0 },
  },
  clusters: {
    primary: {
      key: { header: 'X-Model', max: 3 },
      targets: {
        // Its 500s are answers as any other.
        tolerant: { circuit: { failureStatuses: [503] } },
        modèle: { circuit: { consecutiveFailures: 1 } },
      },
    },
    // The judge is here: retries of answers, with budgets that do not come back.
    flaky: {
      key: { header: 'x-model' },
      circuit: { minimumRequests: 1000, window: { requests: 1000, duration: '1h' } },
      retry: {
        judge: true,
        maxRetries: 1,
        statuses: [503],
        backoff: { base: '1ms', max: '1ms' },
        budget: { ratio: 0, minPerSecond: 0.0006, window: '1h' },
      },
      targets: { patient: { retry: { maxRetries: 2, budget: { ratio: 1 } } } },
    },
    secondary: { key: { header: 'x-model', max: 2 }, fallback: ['flaky'] },
  },
};

const world = useMesh({ policy, sluice: { env: { SLUICE_ADMIN_TOKEN: TOKEN } } });

beforeEach(() => {
  for (const name of ['primary', 'secondary', 'flaky'] as const) {
    world.mesh.upstreams[name].forget();
    world.mesh.upstreams[name].behave(respond(200));
  }
});

const modelOf = ({ headers }: ReceivedRequest) => headers['x-model'];

function ask(cluster: string, model: string | null, path = 'x'): Promise<Answer> {
  // Node writes header values as latin1: the bytes of UTF-8, one per character.
  const value = model === null ? null : Buffer.from(model).toString('latin1');
  return world.mesh.request(`/${cluster}/${path}`, value === null ? {} : { headers: { 'x-model': value } });
}

async function circuit(cluster: string, target?: string): Promise<CircuitDetailView> {
  const query = target === undefined ? '' : `?target=${encodeURIComponent(target)}`;
  const response = await world.mesh.sluice.fetch(`/circuits/${cluster}${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as CircuitDetailView;
}

describe('one overloaded model', () => {
  it('opens, and its neighbours on the same cluster do not', async () => {
    const { primary } = world.mesh.upstreams;
    primary.behave((request) => respond(modelOf(request) === 'large' ? 503 : 200));
    for (let count = 0; count < 4; count += 1) {
      expect((await ask('primary', 'large')).status).toBe(503);
      expect((await ask('primary', 'small')).status).toBe(200);
      expect((await ask('primary', null)).status).toBe(200);
    }
    await eventually(async () => expect((await circuit('primary', 'large')).state).toBe('open'));
    await settled(world.mesh);
    primary.forget();
    const answer = await ask('primary', 'large', 'refused');
    expect(answer).toMatchObject({
      status: 503,
      headers: { 'x-sluice-reason': 'circuit_open', 'x-sluice-cluster': 'primary' },
    });
    expect(JSON.parse(answer.body)).toMatchObject({ reason: 'circuit_open', cluster: 'primary', target: 'large' });
    expect((await ask('primary', 'small')).status).toBe(200);
    expect((await ask('primary', null)).status).toBe(200);
    expect(primary.requests.map(modelOf)).toEqual(['small', undefined]);
  });

  it('is named by /circuits, with its neighbours beside it', async () => {
    await settled(world.mesh);
    const own = await circuit('primary');
    expect(own).toMatchObject({ cluster: 'primary', target: null, state: 'closed', requests: 5, failures: 0 });
    expect(own.targets).toMatchObject([
      { cluster: 'primary', target: 'large', state: 'open', requests: 4, failures: 4, reason: 'failure_ratio' },
      { cluster: 'primary', target: 'small', state: 'closed', requests: 5, failures: 0 },
    ]);
    const opened = (await circuit('primary', 'large')).transitions.at(-1);
    expect(opened).toMatchObject({ from: 'closed', to: 'open', requests: 4 });
  });

  it('is a label where there is a target, and nothing where there is none', async () => {
    const metrics = await settled(world.mesh);
    const state = (labels: object) => metrics.metric('sluice_circuit_state', { cluster: 'primary', ...labels });
    expect(state({ target: 'large', state: 'open' })).toBe(1);
    expect(state({ target: 'small', state: 'closed' })).toBe(1);
    expect(metrics.metric('sluice_short_circuits_total', { target: 'large', reason: 'circuit_open' })).toBe(1);
    const plain = metrics.samples.filter(
      ({ name, labels }) => name === 'sluice_requests_total' && !('target' in labels),
    );
    expect(plain.find(({ labels }) => labels.decision === 'admit' && labels.cluster === 'primary')?.value).toBe(5);
    expect(metrics.samples.filter(({ labels }) => labels.target === '')).toEqual([]);
  });

  it('is in the record, in the log, and a filter of /requests', async () => {
    expect(await recordOf(world.mesh, '/primary/refused')).toMatchObject({
      cluster: 'primary',
      target: 'large',
      decision: 'short_circuit',
      reason: 'circuit_open',
    });
    const response = await world.mesh.sluice.fetch('/requests?cluster=primary&target=large');
    const { requests } = (await response.json()) as { requests: { target: string; attempts: { target: string }[] }[] };
    expect(requests).toHaveLength(5);
    expect(requests.flatMap(({ target, attempts }) => [target, ...attempts.map((made) => made.target)])).toEqual(
      Array.from({ length: 9 }, () => 'large'),
    );
    const opened = world.mesh.sluice.logs().filter(({ event }) => event === 'circuit_opened');
    expect(opened).toMatchObject([{ cluster: 'primary', target: 'large', reason: 'failure_ratio' }]);
  });

  it('is judged by its own override, which /policy explains', async () => {
    world.mesh.upstreams.primary.behave(respond(500));
    for (let count = 0; count < 6; count += 1) expect((await ask('primary', 'tolerant')).status).toBe(500);
    await settled(world.mesh);
    expect(await circuit('primary', 'tolerant')).toMatchObject({ state: 'closed', requests: 6, failures: 0 });
    const explained = await world.mesh.sluice.fetch('/policy?cluster=primary&target=tolerant');
    expect(await explained.json()).toMatchObject({
      policy: { circuit: { failureStatuses: { value: [503], from: 'clusters.primary.targets.tolerant' } } },
    });
  });

  it('may have a name beyond ASCII', async () => {
    world.mesh.upstreams.primary.behave(respond(503));
    await ask('primary', 'modèle');
    await eventually(async () => expect((await circuit('primary', 'modèle')).state).toBe('open'));
    expect((await ask('primary', 'modèle')).headers['x-sluice-reason']).toBe('circuit_open');
  });
});

describe('retries', () => {
  const attempts = async (model: string, path: string) => {
    await ask('flaky', model, path);
    return (await recordOf(world.mesh, `/flaky/${path}`)).attempts;
  };

  it('are charged to the budget of their model, and stay in its circuit', async () => {
    world.mesh.upstreams.flaky.behave(respond(503));
    // Two an hour each.
    const made: number[] = [];
    for (const [model, path] of [
      ['a', 'a1'],
      ['a', 'a2'],
      ['a', 'a3'],
      ['b', 'b1'],
    ] as const) {
      made.push((await attempts(model, path)).length);
    }
    expect(made).toEqual([2, 2, 1, 2]);
    expect(await circuit('flaky', 'a')).toMatchObject({ requests: 3, failures: 3, budgetRemaining: 0 });
    expect(await circuit('flaky', 'b')).toMatchObject({ requests: 1, failures: 1, budgetRemaining: 1 });
    const metrics = await world.mesh.sluice.metrics();
    expect(metrics.metric('sluice_retries_total', { target: 'a', result: 'refused', reason: 'retry_budget' })).toBe(1);
  });

  it('are as many as the model is allowed', async () => {
    world.mesh.upstreams.flaky.behave(respond(503));
    expect(await attempts('patient', 'patient')).toMatchObject([
      { attempt: 1, target: 'patient' },
      { attempt: 2, target: 'patient' },
      { attempt: 3, target: 'patient' },
    ]);
  });
});

describe('past the bound', () => {
  it('models share one circuit, and take none from those that have their own', async () => {
    const { secondary } = world.mesh.upstreams;
    secondary.behave((request) => respond(String(modelOf(request)).startsWith('bad') ? 503 : 200));
    for (const model of ['first', 'second']) expect((await ask('secondary', model)).status).toBe(200);
    for (let count = 0; count < 4; count += 1) await ask('secondary', `bad-${count}`);
    await eventually(async () => expect((await circuit('secondary', '_other')).state).toBe('open'));
    await settled(world.mesh);
    secondary.forget();
    // Rerouted: the circuit that it shares is open.
    expect((await ask('secondary', 'good-but-late', 'late')).status).toBe(200);
    expect((await ask('secondary', 'first')).status).toBe(200);
    expect((await ask('secondary', 'x'.repeat(200), 'long')).status).toBe(200);
    expect(secondary.requests.map(modelOf)).toEqual(['first']);
    expect((await circuit('secondary')).targets?.map(({ target }) => target)).toEqual(['first', 'second', '_other']);
    // The fallback has a key of its own, and room.
    expect(await recordOf(world.mesh, '/secondary/late')).toMatchObject({
      target: '_other',
      decision: 'reroute',
      attempts: [{ cluster: 'flaky', target: 'good-but-late' }],
    });
  });

  it('a flood of invented models grows nothing', async () => {
    const elsewhere = async () =>
      (await world.mesh.sluice.circuits()).filter(({ cluster }) => cluster !== 'flaky').length;
    const before = await elsewhere();
    for (let batch = 0; batch < 15; batch += 1) {
      const answers = Array.from({ length: 20 }, (_, n) => ask('secondary', `invented-${batch}-${n}`));
      for (const { status } of await Promise.all(answers)) expect(status).toBe(200);
    }
    await settled(world.mesh);
    expect(await elsewhere()).toBe(before);
    // They were rerouted to the fallback, whose own key allows 256, and not the 300 that came.
    const { targets = [] } = await circuit('flaky');
    expect(targets.length).toBeGreaterThan(250);
    expect(targets.length).toBeLessThanOrEqual(257);
    expect(targets.map(({ target }) => target)).toContain('_other');
    expect((await circuit('secondary')).targets).toHaveLength(3);
  });
});

describe('by hand', () => {
  it('one model is taken out and given back, and the others are served', async () => {
    const put = (state: string) =>
      world.mesh.sluice.fetch('/circuits/primary?target=small', {
        method: 'PUT',
        headers: { authorization: `Bearer ${TOKEN}` },
        body: JSON.stringify({ state }),
      });
    expect(await (await put('forced_open')).json()).toMatchObject({ target: 'small', state: 'forced_open' });
    expect((await ask('primary', 'small')).headers['x-sluice-reason']).toBe('forced_open');
    expect((await ask('primary', 'tolerant')).status).toBe(200);
    expect((await ask('primary', null)).status).toBe(200);
    await put('auto');
    expect((await ask('primary', 'small')).status).toBe(200);
  });

  it('lost no decision and no evidence on the way', async () => {
    await expectNothingLost(world.mesh, await settled(world.mesh));
  });
});
