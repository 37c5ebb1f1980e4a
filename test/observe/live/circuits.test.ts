import { describe, expect, it } from 'vitest';
import { CircuitRegistry } from '../../../src/core/circuit/registry.js';
import { viewCircuits } from '../../../src/observe/live/circuits.js';
import { FAIL, OK, policy } from '../../core/circuit/support.js';
import { toIso } from '../support.js';

function registryOf(names: readonly string[]): CircuitRegistry {
  const registry = new CircuitRegistry({
    policyFor: () => policy({ consecutiveFailures: 2, failureRatio: 1 }),
    onTransition: () => {},
    onDropped: () => {},
    random: () => 0,
  });
  for (const name of names) registry.use(name, 0);
  return registry;
}

function report(registry: CircuitRegistry, name: string, target: string | null, ...results: (typeof OK)[]): void {
  const circuit = registry.use(name, 0, target);
  for (const result of results) {
    const permit = circuit.passive(0);
    if (permit !== null) circuit.report(permit, result, 0);
  }
}

function view(registry: CircuitRegistry, limit?: number) {
  const source = { circuits: () => registry.circuits(), budgetRemaining: () => 3.9, now: () => 10, toIso };
  return viewCircuits(source, limit);
}

describe('the view of the circuits', () => {
  it('shows each with its window, its budget in whole retries and its times', async () => {
    const registry = registryOf([]);
    report(registry, 'a', 'blue', OK, FAIL, OK, FAIL, FAIL);
    const { shown, more } = await view(registry);
    expect(more).toBe(0);
    expect([...shown.keys()]).toEqual(['["a","blue"]']);
    expect(JSON.parse([...shown.values()][0] ?? '')).toEqual({
      cluster: 'a',
      target: 'blue',
      state: 'open',
      mode: 'enforce',
      requests: 5,
      failures: 3,
      failureRatio: 0.6,
      openedAt: toIso(0),
      retryAt: toIso(1000),
      reason: 'consecutive_failures',
      consecutiveFailures: 2,
      slowRatio: 0,
      budgetRemaining: 3,
      recent: '.x.xx',
    });
  });

  it('leaves out healthy targets first, then healthy clusters, and says how many', async () => {
    const registry = registryOf(['healthy', 'ill']);
    report(registry, 'healthy', 'target', OK);
    report(registry, 'ill', null, FAIL, FAIL);
    report(registry, 'healthy', 'ill target', FAIL, FAIL);
    const names = async (limit: number) => {
      const { shown, more } = await view(registry, limit);
      return [[...shown.keys()], more];
    };
    expect(await names(3)).toEqual([['["ill",null]', '["healthy","ill target"]', '["healthy",null]'], 1]);
    expect(await names(1)).toEqual([['["ill",null]'], 3]);
  });

  it('gives the traffic its turns while it looks at thousands', async () => {
    const registry = registryOf(Array.from({ length: 5000 }, (_, index) => `cluster-${index}`));
    let turns = 0;
    let done = false;
    const count = (): void => {
      turns++;
      if (!done) setImmediate(count);
    };
    setImmediate(count);
    const { shown, more } = await view(registry);
    done = true;
    expect([shown.size, more]).toEqual([500, 4500]);
    expect(turns).toBeGreaterThan(15);
  });

  it('bears circuits that come and go meanwhile', async () => {
    const registry = registryOf(Array.from({ length: 1200 }, (_, index) => `cluster-${index}`));
    const looking = view(registry);
    registry.use('new', 0);
    registry.sweep(60 * 60_000);
    expect((await looking).shown.size).toBeGreaterThan(0);
  });
});
