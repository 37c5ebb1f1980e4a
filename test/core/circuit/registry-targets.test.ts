// The registry with targets: a second name, and otherwise the same rules for every circuit.

import { describe, expect, it } from 'vitest';
import { CircuitRegistry } from '../../../src/core/circuit/registry.js';
import type { Transition } from '../../../src/core/circuit/state.js';
import { FAIL, OK, policy } from './support.js';

const IDLE_MS = 1000;

function shop(maxCircuits = 10) {
  const told: Transition[] = [];
  const asked: (readonly [string, string | null])[] = [];
  const registry = new CircuitRegistry({
    policyFor: (cluster, target) => {
      asked.push([cluster, target]);
      return policy({ consecutiveFailures: target === 'quick' ? 1 : 2 });
    },
    onTransition: (transition) => told.push(transition),
    random: () => 0,
    onDropped: () => {},
    maxCircuits,
    idleMs: IDLE_MS,
  });
  const run = (target: string | null, result: typeof OK, now = 0) => {
    const circuit = registry.use('a', now, target);
    const admission = circuit.acquire(now);
    if (admission.admitted) circuit.report(admission.permit, result, now);
  };
  return { registry, told, asked, run };
}

describe('circuits of targets', () => {
  it('are made under both names, with the policy of both', () => {
    const { registry, asked } = shop();
    const circuit = registry.use('a', 0, 'x');
    expect([circuit.name, circuit.target]).toEqual(['a', 'x']);
    expect(registry.use('a', 1, 'x')).toBe(circuit);
    expect(registry.get('a', 'x')).toBe(circuit);
    expect([registry.get('a'), registry.get('b', 'x')]).toEqual([undefined, undefined]);
    expect(asked).toEqual([['a', 'x']]);
  });

  it('open by themselves, and tell whose they are', () => {
    const { registry, told, run } = shop();
    run('quick', FAIL);
    run('x', FAIL);
    run(null, FAIL);
    expect(told).toMatchObject([{ cluster: 'a', target: 'quick', to: 'open' }]);
    expect(registry.get('a', 'quick')?.snapshot(0)).toMatchObject({
      target: 'quick',
      state: 'open',
      transitions: [{ target: 'quick' }],
    });
    expect(registry.all(0)).toMatchObject([
      { target: null, state: 'closed' },
      { target: 'quick', state: 'open' },
      { target: 'x', state: 'closed' },
    ]);
  });

  it('are listed by cluster', () => {
    const { registry } = shop();
    registry.use('a', 0);
    registry.use('a', 0, 'x');
    registry.use('b', 0, 'y');
    expect(registry.targets('a', 0)).toMatchObject([{ cluster: 'a', target: 'x' }]);
    expect([registry.targetCount('a'), registry.targetCount('c')]).toEqual([1, 0]);
  });

  it('count for the cap, and are evicted as others are', () => {
    const { registry } = shop(2);
    registry.use('a', 0, 'x');
    expect(registry.isFull).toBe(false);
    registry.use('a', 1, 'y');
    expect(registry.isFull).toBe(true);
    registry.use('a', 2, 'x');
    registry.use('b', 3);
    expect(registry.all(3)).toMatchObject([{ cluster: 'b' }, { cluster: 'a', target: 'x' }]);
  });

  it('are swept when they are idle, one by one', () => {
    const { registry } = shop();
    registry.use('a', 0);
    registry.use('a', 0, 'x');
    registry.use('a', 500, 'y');
    expect(registry.sweep(IDLE_MS)).toBe(2);
    expect(registry.all(IDLE_MS)).toMatchObject([{ target: 'y' }]);
  });

  it('do not take the results of one that had the name before', () => {
    const { registry } = shop(1);
    const before = registry.use('a', 0, 'quick').acquire(0);
    registry.use('b', 0);
    const again = registry.use('a', 0, 'quick');
    if (!before.admitted) throw new Error('refused');
    again.report(before.permit, FAIL, 0);
    expect(again.snapshot(0)).toMatchObject({ state: 'closed', requests: 0 });
  });

  it('get their new policy by both names, and keep their state', () => {
    const { registry, run } = shop();
    run('quick', FAIL);
    run('x', OK);
    registry.reconfigure((_cluster, target) => policy({ mode: target === 'x' ? 'off' : 'shadow' }), 1);
    expect(registry.targets('a', 1)).toMatchObject([
      { target: 'quick', state: 'open', mode: 'shadow' },
      { target: 'x', state: 'closed', mode: 'off' },
    ]);
  });
});

describe('whoever looks', () => {
  it('sees a cluster that only has targets as it would start, and makes nothing by it', () => {
    const { registry } = shop();
    registry.use('a', 0, 'x');
    expect(registry.snapshot('a', null, 0)).toMatchObject({ cluster: 'a', target: null, state: 'closed', requests: 0 });
    expect(registry.size).toBe(1);
    expect(registry.snapshot('a', 'y', 0)).toBeNull();
    expect(registry.snapshot('b', null, 0)).toBeNull();
  });

  it('sees what there is', () => {
    const { registry, run } = shop();
    run('quick', FAIL);
    run(null, OK);
    expect(registry.snapshot('a', 'quick', 0)).toMatchObject({ state: 'open' });
    expect(registry.snapshot('a', null, 0)).toMatchObject({ state: 'closed', requests: 1 });
  });
});

describe('a state by hand', () => {
  const states = (registry: CircuitRegistry) => registry.all(0).map(({ target, state }) => [target, state]);

  it('is for a whole cluster where no target is named: for those there are and those that come', () => {
    const { registry } = shop();
    for (const target of [null, 'x', 'y']) registry.use('a', 0, target);
    registry.use('b', 0, 'x');
    expect(registry.force('a', null, 'forced_open', 0)).toBe(true);
    registry.use('a', 1, 'late');
    expect(registry.targets('a', 1).map(({ state }) => state)).toEqual(['forced_open', 'forced_open', 'forced_open']);
    expect(registry.get('b', 'x')?.state(1)).toBe('closed');
    expect(registry.force('a', null, 'auto', 2)).toBe(true);
    registry.use('a', 3, 'later');
    expect(registry.all(3).map(({ state }) => state)).toEqual(Array(6).fill('closed'));
  });

  it('is for a whole cluster of which so far only targets are known', () => {
    const { registry } = shop();
    registry.use('a', 0, 'x');
    expect(registry.force('a', null, 'disabled', 0)).toBe(true);
    expect(states(registry)).toEqual([
      [null, 'disabled'],
      ['x', 'disabled'],
    ]);
  });

  it('reaches the targets of a cluster whose own circuit is off', () => {
    const { registry } = shop();
    registry.use('a', 0, 'x');
    registry.reconfigure((_cluster, target) => policy({ mode: target === null ? 'off' : 'enforce' }), 0);
    expect(registry.force('a', null, 'forced_open', 0)).toBe(true);
    expect(registry.get('a', 'x')?.state(0)).toBe('forced_open');
  });

  it('is for the one that is named, its cluster or its neighbours are left alone', () => {
    const { registry } = shop();
    for (const target of [null, 'x', 'y']) registry.use('a', 0, target);
    expect(registry.force('a', 'x', 'forced_open', 0)).toBe(true);
    expect(registry.all(0).map(({ target, state }) => [target, state])).toEqual([
      [null, 'closed'],
      ['x', 'forced_open'],
      ['y', 'closed'],
    ]);
  });

  it('may be given to a cluster that so far only has targets', () => {
    const { registry } = shop();
    registry.use('a', 0, 'x');
    expect(registry.force('a', null, 'forced_open', 0)).toBe(true);
    expect(registry.get('a')?.state(0)).toBe('forced_open');
  });

  it('is for nobody where there is no such circuit', () => {
    const { registry } = shop();
    registry.use('a', 0, 'x');
    expect([registry.force('a', 'y', 'disabled', 0), registry.force('b', null, 'disabled', 0)]).toEqual([false, false]);
    expect(registry.size).toBe(1);
  });
});
