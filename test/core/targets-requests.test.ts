// Requests with a finer key, from admission to their answer: each target has its own circuit and overrides, and its
// neighbours on the same cluster notice nothing.

import { describe, expect, it } from 'vitest';
import { setBy } from '../handlers/support.js';
import { policyOf } from '../support/core-world.js';
import { attributesOf, headersOf } from '../support/fake-headers.js';
import { ask, DOWN, KEY, OK, open, QUICK, worldOf } from './models.js';

describe('one overloaded model', () => {
  it('opens, and its neighbours on the same cluster do not', () => {
    const world = worldOf({});
    ask(world, 'small', OK);
    ask(world, null, OK);
    open(world, 'large');
    expect(ask(world, 'large', OK)).toMatchObject({ from: 'sluice', status: 503, attempts: [] });
    expect(ask(world, 'small', OK)).toMatchObject({ from: 'upstream', status: 200 });
    expect(ask(world, null, OK)).toMatchObject({ from: 'upstream', status: 200 });
    expect(world.circuit('models', 'large')).toMatchObject({ state: 'open', requests: 4, failures: 4 });
    expect(world.circuit('models', 'small')).toMatchObject({ state: 'closed', requests: 2, failures: 0 });
    expect(world.circuit('models')).toMatchObject({ state: 'closed', requests: 2, failures: 0 });
  });

  it('is named in its transitions, its counters and its records', () => {
    const world = worldOf({});
    open(world, 'large');
    ask(world, 'large', OK);
    expect(world.transitions).toMatchObject([{ cluster: 'models', target: 'large', to: 'open' }]);
    expect(world.counted('decided', 'models', 'large', 'admit')).toBe(4);
    expect(world.counted('attempt', 'models', 'large', 'response', 'failure')).toBe(4);
    expect(world.counted('decided', 'models', 'large', 'short_circuit')).toBe(1);
    expect(world.counted('answered', 'models', 'large', 'circuit_open')).toBe(1);
    expect(world.finished[0]).toMatchObject({
      cluster: 'models',
      target: 'large',
      attempts: [{ cluster: 'models', target: 'large' }],
    });
  });

  it('is named in the problem document; the header names the cluster', () => {
    const world = worldOf({});
    open(world, 'large');
    const stream = world.admission();
    stream.handler.message({
      kind: 'request_headers',
      headers: headersOf({ ':method': 'GET', ':path': '/', 'x-model': 'large' }),
      attributes: attributesOf({ 'xds.cluster_name': 'models' }),
    });
    if (stream.last.kind !== 'respond') throw new Error('not answered');
    const { headers, body } = stream.last.answer;
    expect(Object.fromEntries(headers)['x-sluice-cluster']).toBe('models');
    expect(JSON.parse(body)).toMatchObject({ reason: 'circuit_open', cluster: 'models', target: 'large' });
  });

  it('is not named where there is none: the problem document then has no such field', () => {
    const world = worldOf({});
    open(world, null);
    const stream = world.admission();
    stream.handler.message({
      kind: 'request_headers',
      headers: headersOf({ ':method': 'GET', ':path': '/' }),
      attributes: attributesOf({ 'xds.cluster_name': 'models' }),
    });
    if (stream.last.kind !== 'respond') throw new Error('not answered');
    expect(JSON.parse(stream.last.answer.body)).not.toHaveProperty('target');
  });

  it('comes back by a probe of its own', () => {
    const world = worldOf({});
    open(world, 'large');
    open(world, 'small');
    world.advance(5_000);
    expect(ask(world, 'large', OK).status).toBe(200);
    expect(world.circuit('models', 'large').state).toBe('closed');
    expect(world.circuit('models', 'small').state).toBe('half_open');
  });

  it('past the bound is judged with all who share, and not with those who have a name', () => {
    const world = worldOf({ key: { header: 'x-model', max: 1 } });
    ask(world, 'first', OK);
    for (const model of ['v1', 'v2', 'v3', 'v4']) ask(world, model, DOWN);
    expect(world.circuit('models', '_other')).toMatchObject({ state: 'open', requests: 4 });
    expect(ask(world, 'v5', OK).from).toBe('sluice');
    expect(ask(world, 'first', OK).from).toBe('upstream');
  });
});

describe('overrides of a target', () => {
  it('decide what counts as its failure', () => {
    const world = worldOf({ targets: { large: { circuit: { failureStatuses: [418] } } } });
    for (let n = 0; n < 4; n++) {
      ask(world, 'large', DOWN);
      ask(world, 'small', { status: 418 });
    }
    expect(world.circuit('models', 'large')).toMatchObject({ state: 'closed', requests: 4, failures: 0 });
    expect(world.circuit('models', 'small')).toMatchObject({ state: 'closed', requests: 4, failures: 0 });
    open(world, 'small');
    for (let n = 0; n < 4; n++) ask(world, 'large', { status: 418 });
    expect(world.circuit('models', 'small').state).toBe('open');
    expect(world.circuit('models', 'large').state).toBe('open');
  });

  it('decide what is slow for it', () => {
    const slow = { slow: { after: '2s', ratio: 0.5 } };
    const world = worldOf({ circuit: slow, targets: { large: { circuit: { slow: { after: '60s' } } } } });
    for (let n = 0; n < 4; n++) {
      ask(world, 'large', { status: 200, afterMs: 10_000 });
      ask(world, 'small', { status: 200, afterMs: 10_000 });
    }
    expect(world.circuit('models', 'large').state).toBe('closed');
    expect(world.circuit('models', 'small')).toMatchObject({ state: 'open', reason: 'slow_ratio' });
  });

  it('decide when it opens, and for how long', () => {
    const world = worldOf({
      targets: { large: { circuit: { consecutiveFailures: 1, open: { base: '60s', max: '60s' } } } },
    });
    ask(world, 'large', DOWN);
    ask(world, 'small', DOWN);
    const { state, openedAtMs, retryAtMs } = world.circuit('models', 'large');
    expect([state, (retryAtMs ?? 0) - (openedAtMs ?? 0)]).toEqual(['open', 60_000]);
    expect(world.circuit('models', 'small').state).toBe('closed');
  });

  it('decide how often it is retried', () => {
    const world = worldOf({
      retry: { maxRetries: 1, budget: { ratio: 1, minPerSecond: 10 } },
      targets: { large: { retry: { maxRetries: 3 } }, small: { retry: { maxRetries: 0 } } },
    });
    expect(ask(world, 'large', 'refused').attempts).toHaveLength(4);
    expect(ask(world, 'small', 'refused').attempts).toHaveLength(1);
    expect(ask(world, 'medium', 'refused').attempts).toHaveLength(2);
    expect(ask(world, null, 'refused').attempts).toHaveLength(2);
  });

  it('decide who says yes to a retry of an answer: the judge, or Envoy by its status', () => {
    const world = worldOf({
      retry: { maxRetries: 1, statuses: [503] },
      targets: { large: { retry: { judge: true } } },
    });
    const statusesFor = (model: string) => {
      const stream = world.admission();
      stream.handler.message({
        kind: 'request_headers',
        headers: headersOf({ ':method': 'GET', ':path': '/', 'x-model': model }),
        attributes: attributesOf({ 'xds.cluster_name': 'models' }),
      });
      return setBy(stream)['x-envoy-retriable-status-codes'];
    };
    expect([statusesFor('large'), statusesFor('small')]).toEqual([undefined, '503']);
  });

  it('hold for the values that share, where the policy lists _other', () => {
    const world = worldOf({ key: { header: 'x-model', max: 1 }, targets: { _other: { retry: { maxRetries: 2 } } } });
    expect(ask(world, 'first', 'refused').attempts).toHaveLength(1);
    expect(ask(world, 'second', 'refused').attempts).toHaveLength(3);
  });

  it('turn its circuit off, and leave the others theirs', () => {
    const world = worldOf({ targets: { large: { circuit: { mode: 'off' } } } });
    open(world, 'large');
    open(world, 'small');
    expect(ask(world, 'large', OK).from).toBe('upstream');
    expect(ask(world, 'small', OK).from).toBe('sluice');
  });

  it('count what shadow mode would have done under its name', () => {
    const world = worldOf({ targets: { large: { circuit: { mode: 'shadow' } } } });
    open(world, 'large');
    expect(ask(world, 'large', OK).from).toBe('upstream');
    expect(world.counted('shadow', 'models', 'large', 'short_circuit', 'circuit_open')).toBe(1);
  });

  it('of a new policy reach the circuits that are there, which keep their state', () => {
    const world = worldOf({});
    ask(world, 'small', OK);
    open(world, 'large');
    const next = { key: KEY, targets: { large: { circuit: { mode: 'shadow' } } } };
    world.engine.usePolicy(policyOf({ defaults: { circuit: QUICK }, clusters: { models: next } }), world.now);
    expect(world.circuit('models', 'large')).toMatchObject({ state: 'open', mode: 'shadow' });
    expect(world.circuit('models', 'small')).toMatchObject({ state: 'closed', mode: 'enforce', requests: 1 });
  });
});
