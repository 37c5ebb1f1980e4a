import { describe, expect, it } from 'vitest';
import type { Circuit } from '../../../src/core/circuit/breaker.js';
import { CircuitRegistry } from '../../../src/core/circuit/registry.js';
import type { Transition } from '../../../src/core/circuit/state.js';
import type { CircuitPolicy } from '../../../src/core/policy.js';
import { FAIL, OK, policy } from './support.js';

const MINUTE = 60_000;

class Shop {
  readonly told: Transition[] = [];
  readonly dropped: string[] = [];
  readonly asked: string[] = [];
  readonly registry: CircuitRegistry;

  constructor(maxCircuits: number, changes: Partial<CircuitPolicy> = {}) {
    this.registry = new CircuitRegistry({
      policyFor: (cluster) => {
        this.asked.push(cluster);
        return policy({ consecutiveFailures: 1, ...changes });
      },
      onTransition: (transition) => this.told.push(transition),
      random: () => 0,
      onDropped: (cluster, drop) => this.dropped.push(`${drop} ${cluster}`),
      maxCircuits,
      idleMs: 15 * MINUTE,
    });
  }

  use(cluster: string, now = 0): Circuit {
    return this.registry.use(cluster, now);
  }

  /** One failure opens a circuit here. */
  open(cluster: string, now = 0): void {
    report(this.use(cluster, now), FAIL, now);
  }

  get names(): string[] {
    return this.registry.all(0).map((snapshot) => snapshot.cluster);
  }
}

function report(circuit: Circuit, result: typeof OK, now: number): void {
  const admission = circuit.acquire(now);
  if (admission.admitted) circuit.report(admission.permit, result, now);
}

describe('the registry', () => {
  it('makes a circuit at its first use, with its own policy, and keeps it', () => {
    const shop = new Shop(10);
    const circuit = shop.use('a');
    expect(circuit.name).toBe('a');
    expect(shop.use('a')).toBe(circuit);
    expect(shop.registry.get('a')).toBe(circuit);
    expect(shop.asked).toEqual(['a']);
  });

  it('makes nothing for those who only look', () => {
    const shop = new Shop(10);
    expect(shop.registry.get('a')).toBeUndefined();
    expect(shop.registry.size).toBe(0);
  });

  it('keeps clusters apart', () => {
    const shop = new Shop(10);
    shop.open('a');
    expect(shop.use('a').acquire(1).admitted).toBe(false);
    expect(shop.use('b').acquire(1).admitted).toBe(true);
  });

  it('shows every circuit and tells every transition', () => {
    const shop = new Shop(10);
    shop.open('a');
    shop.use('b');
    expect(shop.registry.all(0)).toMatchObject([
      { cluster: 'a', state: 'open' },
      { cluster: 'b', state: 'closed' },
    ]);
    expect(shop.told).toMatchObject([{ cluster: 'a', to: 'open' }]);
  });

  it('gives each circuit its new policy and keeps its state', () => {
    const shop = new Shop(10);
    shop.open('a');
    shop.use('b');
    shop.registry.reconfigure((cluster) => policy({ mode: cluster === 'a' ? 'shadow' : 'off' }), 1);
    expect(shop.registry.all(1)).toMatchObject([
      { cluster: 'a', state: 'open', mode: 'shadow' },
      { cluster: 'b', state: 'closed', mode: 'off' },
    ]);
    expect(shop.use('c', 1).mode).toBe('off');
  });
});

describe('the cap', () => {
  it('evicts the closed circuit used longest ago, and counts it', () => {
    const shop = new Shop(3);
    shop.use('a', 1);
    shop.use('b', 2);
    shop.use('c', 3);
    shop.use('a', 4);
    shop.use('d', 5);
    expect(shop.names).toEqual(['a', 'c', 'd']);
    expect(shop.dropped).toEqual(['evicted b']);
  });

  it('evicts one that is at hand last of all if it was used last, and then says that it is gone', () => {
    const shop = new Shop(2);
    const a = shop.use('a');
    shop.use('b');
    expect(shop.registry.useAgain(a, 0)).toBe(true);
    shop.use('c');
    expect(shop.names.toSorted()).toEqual(['a', 'c']);
    shop.use('d');
    shop.use('e');
    expect(shop.registry.useAgain(a, 0)).toBe(false);
    expect(shop.registry.useAgain(shop.use('a'), 0)).toBe(true);
    expect(shop.names).not.toContain('d');
  });

  it('never evicts what is open, probing, recovering or set by hand', () => {
    const shop = new Shop(6, { rampMs: MINUTE, halfOpen: { probes: 1, successes: 1, leaseMs: MINUTE } });
    shop.open('open', 5000);
    shop.open('probing', 0);
    shop.open('recovering', 0);
    shop.use('probing', 5000).acquire(5000);
    report(shop.use('recovering', 5000), OK, 5000);
    shop.use('forced').force('forced_open', 5000);
    shop.use('disabled').force('disabled', 5000);
    for (let i = 0; i < 20; i++) shop.use(`other${i}`, 5001 + i);
    expect(shop.registry.all(5100).map(({ cluster, state }) => [cluster, state])).toEqual([
      ['open', 'open'],
      ['probing', 'half_open'],
      ['recovering', 'recovering'],
      ['forced', 'forced_open'],
      ['disabled', 'disabled'],
      ['other19', 'closed'],
    ]);
    expect(shop.dropped).toHaveLength(19);
  });

  it('does not evict an open circuit that is asked again and again', () => {
    const shop = new Shop(2);
    shop.open('a', 0);
    for (let now = 1; now < 5; now++) expect(shop.use('a', now).acquire(now).admitted).toBe(false);
    for (let i = 0; i < 5; i++) shop.use(`other${i}`, 10 + i);
    expect(shop.names).toEqual(['a', 'other4']);
  });

  it('may evict a circuit again once it has closed', () => {
    const shop = new Shop(2);
    shop.open('a', 0);
    shop.use('b', 1);
    report(shop.use('a', 1000), OK, 1000);
    shop.use('c', 1001);
    shop.use('d', 1002);
    expect(shop.names).toEqual(['c', 'd']);
    expect(shop.dropped).toEqual(['evicted b', 'evicted a']);
  });

  it('fails open where nothing can make room, counts each use, and shares one circuit', () => {
    const shop = new Shop(2);
    shop.open('a');
    shop.open('b');
    const overflow = shop.use('c');
    for (let i = 0; i < 20; i++) report(overflow, FAIL, 0);
    expect(overflow.acquire(0).admitted).toBe(true);
    expect(shop.use('d')).toBe(overflow);
    expect(overflow.force('forced_open', 0)).toBe(false);
    expect(shop.dropped).toEqual(['overflow c', 'overflow d']);
    expect(shop.registry.size).toBe(2);
    expect(shop.registry.get('c')).toBeUndefined();
  });

  it('never keeps the one that is shared, so that each use looks for room anew', () => {
    const shop = new Shop(1);
    shop.open('a');
    expect(shop.registry.useAgain(shop.use('b'), 0)).toBe(false);
  });

  it('does not take results for a circuit that had the name before', () => {
    const shop = new Shop(1);
    const before = shop.use('a').acquire(0);
    shop.use('b');
    const again = shop.use('a');
    if (!before.admitted) throw new Error('refused');
    again.report(before.permit, FAIL, 0);
    expect(again.snapshot(0)).toMatchObject({ state: 'closed', requests: 0 });
  });

  it('does not tell of what an evicted circuit still goes through', () => {
    const shop = new Shop(1);
    const evicted = shop.use('a');
    shop.use('b');
    report(evicted, FAIL, 0);
    expect(shop.told).toEqual([]);
    shop.use('c');
    expect(shop.names).toEqual(['c']);
  });

  it('holds with many clusters in any order of use', () => {
    const shop = new Shop(100);
    for (let i = 0; i < 5000; i++) shop.use(`c${(i * 7919) % 613}`, i);
    expect(shop.registry.size).toBe(100);
  });
});

describe('the sweep', () => {
  it('removes what was not used for the idle time, and not before', () => {
    const shop = new Shop(10);
    shop.use('a', 0);
    shop.use('b', 1);
    expect(shop.registry.sweep(15 * MINUTE - 1)).toBe(0);
    expect(shop.registry.sweep(15 * MINUTE)).toBe(1);
    expect(shop.names).toEqual(['b']);
  });

  it('counts the idle time from the last use', () => {
    const shop = new Shop(10);
    shop.use('a', 0);
    shop.use('a', 10 * MINUTE);
    shop.registry.get('a');
    expect(shop.registry.sweep(25 * MINUTE - 1)).toBe(0);
    expect(shop.registry.sweep(25 * MINUTE)).toBe(1);
  });

  it('counts the idle time from the last use of one that is at hand as well', () => {
    const shop = new Shop(10);
    const circuit = shop.use('a', 0);
    expect(shop.registry.useAgain(circuit, 10 * MINUTE)).toBe(true);
    expect(shop.registry.sweep(20 * MINUTE)).toBe(0);
    expect(shop.registry.sweep(25 * MINUTE)).toBe(1);
  });

  it('leaves what is open or set by hand, however long it is idle', () => {
    const shop = new Shop(10, { open: { baseMs: 60 * MINUTE, maxMs: 60 * MINUTE, jitter: 0 } });
    shop.open('open');
    shop.use('forced').force('forced_open', 0);
    shop.use('disabled').force('disabled', 0);
    expect(shop.registry.sweep(59 * MINUTE)).toBe(0);
  });

  it('removes an open circuit once its time is over and nobody asks: its cluster is gone', () => {
    const shop = new Shop(10);
    shop.open('a');
    expect(shop.registry.sweep(15 * MINUTE)).toBe(1);
    expect(shop.registry.size).toBe(0);
  });

  it('removes nothing when the clock steps back', () => {
    const shop = new Shop(10);
    shop.use('a', 100 * MINUTE);
    expect(shop.registry.sweep(0)).toBe(0);
  });

  it('makes room: what is removed no longer counts against the cap', () => {
    const shop = new Shop(2);
    shop.use('a', 0);
    shop.use('b', 0);
    shop.registry.sweep(15 * MINUTE);
    shop.use('c', 15 * MINUTE);
    shop.use('d', 15 * MINUTE);
    expect(shop.dropped).toEqual([]);
    expect(shop.names).toEqual(['c', 'd']);
  });
});
