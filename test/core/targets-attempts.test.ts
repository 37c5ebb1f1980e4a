// A target goes with every attempt of its request: to the budget, through retries and fallbacks, and to the evidence.

import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../src/core/evidence.js';
import type { CoreWorld } from '../support/core-world.js';
import { headersOf } from '../support/fake-headers.js';
import { RouterModel } from '../support/router-model.js';
import { ask, DOWN, KEY, OK, open, worldOf } from './models.js';

describe('the budget', () => {
  const one = { maxRetries: 1, budget: { ratio: 0, minPerSecond: 0.1, window: '10s' } };

  it('is spent by one target alone', () => {
    const world = worldOf({ retry: one, circuit: { minimumRequests: 100 } });
    expect(ask(world, 'large', 'refused').attempts).toHaveLength(2);
    expect(ask(world, 'large', 'refused').attempts).toHaveLength(1);
    expect(ask(world, 'small', 'refused').attempts).toHaveLength(2);
    expect(world.engine.budgetRemaining('models', world.now, 'large')).toBe(0);
    expect(world.engine.budgetRemaining('models', world.now, 'never')).toBeNull();
    expect(world.engine.budgetRemaining('models', world.now)).toBeNull();
    expect(world.counted('retry', 'models', 'large', 'refused', 'retry_budget')).toBe(1);
    expect(world.counted('retry', 'models', 'small', 'granted', 'connection_refused')).toBe(1);
  });

  it('is that of its own override', () => {
    const world = worldOf({ retry: one, targets: { large: { retry: { budget: { minPerSecond: 0.2 } } } } });
    expect([1, 2, 3].map(() => ask(world, 'large', 'refused').attempts.length)).toEqual([2, 2, 1]);
    expect([1, 2].map(() => ask(world, 'small', 'refused').attempts.length)).toEqual([2, 1]);
  });
});

describe('retries', () => {
  const judged = { maxRetries: 2, judge: true, statuses: [503], backoff: { base: '1ms', max: '1ms' } };

  it('are settled and counted for the target of their request', () => {
    const world = worldOf({ retry: judged, circuit: { minimumRequests: 10 } });
    let made = 0;
    const served = ask(world, 'large', () => (++made < 3 ? DOWN : OK), { judged: ['models'] });
    expect([served.status, served.attempts.length]).toEqual([200, 3]);
    // One failure per request and circuit, and the success.
    expect(world.circuit('models', 'large')).toMatchObject({ requests: 2, failures: 1 });
    expect(world.counted('retry', 'models', 'large', 'granted', 'status')).toBe(2);
    expect(world.counted('retry', 'models', 'large', 'saved', 'status')).toBe(1);
    expect(world.finished[0]?.attempts.map(({ target }) => target)).toEqual(['large', 'large', 'large']);
  });

  it('are refused by the gate where the circuit of that target has opened meanwhile', () => {
    const world = worldOf({ retry: { maxRetries: 1 } });
    const served = ask(world, 'large', () => {
      world.circuits.force('models', 'large', 'forced_open', world.now);
      return 'refused';
    });
    expect(served).toMatchObject({ from: 'sluice', attempts: ['models'], headers: { 'x-sluice-cluster': 'models' } });
    expect(world.counted('answered', 'models', 'large', 'forced_open')).toBe(1);
  });

  it('go on where that of another target has', () => {
    const world = worldOf({ retry: { maxRetries: 1 } });
    ask(world, 'small', OK);
    const served = ask(world, 'large', () => {
      world.circuits.force('models', 'small', 'forced_open', world.now);
      return 'refused';
    });
    expect(served.attempts).toEqual(['models', 'models']);
  });
});

describe('a fallback', () => {
  it('is split by its own key, and has the target that its own header says', () => {
    const world = worldOf(
      { fallback: ['spare'], retry: { maxRetries: 1 } },
      { spare: { key: { header: 'x-tenant' } }, plain: {} },
    );
    const headers = { 'x-model': 'large', 'x-tenant': 'acme' };
    new RouterModel(world).serve({ cluster: 'models', headers }, (cluster) => (cluster === 'models' ? 'refused' : OK));
    expect(world.finished[0]?.attempts).toMatchObject([
      { cluster: 'models', target: 'large' },
      { cluster: 'spare', target: 'acme', outcome: 'success' },
    ]);
    expect(world.circuit('spare', 'acme')).toMatchObject({ requests: 1, failures: 0 });
    expect(world.circuits.get('spare', 'large')).toBeUndefined();
  });

  it('without a key takes the requests of every model on the one circuit that it has', () => {
    const world = worldOf({ fallback: ['spare'] });
    open(world, 'large');
    expect(ask(world, 'large', OK)).toMatchObject({ status: 200, attempts: ['spare'] });
    expect(ask(world, 'small', OK)).toMatchObject({ status: 200, attempts: ['models'] });
    expect(world.circuit('spare')).toMatchObject({ target: null, requests: 1 });
    expect(world.decided.at(-2)).toMatchObject({ decision: 'reroute', cluster: 'models', target: 'large' });
  });

  it('takes a keyed request of a cluster that has no key', () => {
    const world = worldOf({}, { plain: { fallback: ['models'] } });
    world.circuits.use('plain', world.now).force('forced_open', world.now);
    const served = new RouterModel(world).serve({ cluster: 'plain', headers: { 'x-model': 'large' } }, () => DOWN);
    expect(served.attempts).toEqual(['models']);
    expect(world.finished[0]).toMatchObject({ cluster: 'plain', target: null, attempts: [{ target: 'large' }] });
    expect(world.circuit('models', 'large')).toMatchObject({ failures: 1 });
  });

  it('whose circuit for this model is open is passed over, though its others are closed', () => {
    const world = worldOf({ fallback: ['spare'], retry: { maxRetries: 1 } }, { spare: { key: KEY } });
    ask(world, 'small', OK);
    world.circuits.use('spare', world.now, 'large').force('forced_open', world.now);
    expect(ask(world, 'large', 'refused').attempts).toEqual(['models', 'models']);
    expect(ask(world, 'small', 'refused').attempts).toEqual(['models', 'spare']);
  });
});

describe('evidence', () => {
  const told: Evidence = {
    source: 'trace',
    flags: 0,
    status: 503,
    grpcStatus: null,
    written: true,
    transportFailure: '',
    details: '',
    host: 'h',
    durationMs: 1,
  };

  function admitted(world: CoreWorld, cluster: string, headers: Record<string, string>) {
    const facts = {
      method: 'GET',
      path: '/',
      route: '',
      cluster,
      oneCluster: false,
      idempotencyKey: false,
      upgrade: false,
      grpc: false,
    };
    const decision = world.engine.admit({ ...facts, headers: headersOf(headers) }, world.now);
    if (decision.kind !== 'proceed') throw new Error('not admitted');
    return decision.session;
  }

  const attemptOn = (world: CoreWorld, id: string, cluster: string) =>
    world.engine.traced({ kind: 'attempt', id, attempt: 1, cluster, evidence: told }, world.now);

  it('of a cluster that was not planned counts for the same value, where both have the same key', () => {
    const world = worldOf({}, { weighted: { key: KEY } });
    attemptOn(world, admitted(world, 'models', { 'x-model': 'large' }).record.id, 'weighted');
    expect(world.circuit('weighted', 'large')).toMatchObject({ requests: 1, failures: 1 });
    expect(world.circuit('models', 'large')).toMatchObject({ requests: 0 });
    expect(world.settled[0]?.attempt).toMatchObject({ cluster: 'weighted', target: 'large' });
  });

  it.each([
    ['another key', { key: { header: 'x-tenant' } }],
    ['no key', {}],
  ])('of one with %s counts for that cluster as a whole', (_title, weighted) => {
    const world = worldOf({}, { weighted });
    attemptOn(world, admitted(world, 'models', { 'x-model': 'large' }).record.id, 'weighted');
    expect(world.circuit('weighted')).toMatchObject({ target: null, requests: 1, failures: 1 });
    expect(world.settled[0]?.attempt.target).toBeNull();
  });

  it('that comes when its circuit is gone and others have its place counts for those who share', () => {
    const world = worldOf({ key: { header: 'x-model', max: 1 } });
    const { record } = admitted(world, 'models', { 'x-model': 'large' });
    world.advance(16 * 60_000);
    world.circuits.sweep(world.now);
    ask(world, 'small', OK);
    attemptOn(world, record.id, 'models');
    expect(world.circuits.get('models', 'large')).toBeUndefined();
    expect(world.circuit('models', '_other')).toMatchObject({ requests: 1, failures: 1 });
    expect(world.circuit('models', 'small')).toMatchObject({ requests: 1, failures: 0 });
  });

  it('that never comes gives back the probe of the target, and settles the attempt under its name', () => {
    const world = worldOf({});
    open(world, 'large');
    world.advance(5_000);
    const session = admitted(world, 'models', { 'x-model': 'large' });
    world.engine.attemptStarts(session, { attempt: 1, cluster: '', remainingMs: null }, world.now);
    expect(world.circuits.use('models', world.now, 'large').acquire(world.now)).toMatchObject({
      reason: 'probe_limit',
    });
    world.engine.requestClosed(session, world.now);
    world.advance(10_000);
    world.engine.sweep(world.now);
    expect(world.settled.at(-1)?.attempt).toMatchObject({ target: 'large', outcome: 'ignored' });
    expect(world.circuits.use('models', world.now, 'large').acquire(world.now).admitted).toBe(true);
  });
});
