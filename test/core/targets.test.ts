// Which target a request belongs to: by its header, within bounds that whoever sends the header cannot move.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CircuitRegistry } from '../../src/core/circuit/registry.js';
import { MAX_TARGET_LENGTH, OTHER_TARGET } from '../../src/core/policy.js';
import { circuitFor, targetOf } from '../../src/core/targets.js';
import type { Policy } from '../../src/policy/resolve.js';
import { policyOf } from '../support/core-world.js';

const MINUTE = 60_000;
const IDLE_MS = 15 * MINUTE;

/** A registry under a policy, asked as admission asks it: for a name, then for its circuit. */
class Shop {
  readonly dropped: string[] = [];
  readonly circuits: CircuitRegistry;
  policy: Policy;

  constructor(document: unknown, maxCircuits = 1000) {
    this.policy = policyOf(document);
    this.circuits = new CircuitRegistry({
      policyFor: (cluster, target) => this.policy.forTarget(cluster, target).circuit,
      onTransition: () => {},
      random: () => 0,
      onDropped: (cluster, drop) => this.dropped.push(`${drop} ${cluster}`),
      maxCircuits,
      idleMs: IDLE_MS,
    });
  }

  named(value: string | undefined, cluster = 'models'): string | null {
    return targetOf(this, cluster, { text: (name) => (name === 'x-model' ? value : undefined) });
  }

  /** One request: gives the target that it was counted for. */
  ask(value: string | undefined, now = 0, cluster = 'models'): string | null {
    const target = this.named(value, cluster);
    this.circuits.use(cluster, now, target);
    return target;
  }

  targets(cluster = 'models'): (string | null)[] {
    return this.circuits.targets(cluster, 0).map(({ target }) => target);
  }
}

const KEYED = { clusters: { models: { key: { header: 'X-Model', max: 3 } } } };

describe('the target of a request', () => {
  it('is the value of the header that the key names', () => {
    const shop = new Shop(KEYED);
    expect(shop.ask('large')).toBe('large');
    expect(shop.ask('small')).toBe('small');
    expect(shop.targets()).toEqual(['large', 'small']);
  });

  it.each([[undefined], ['']])('is none where the header is %o', (value) => {
    const shop = new Shop(KEYED);
    expect(shop.ask(value)).toBeNull();
    expect(shop.circuits.all(0)).toMatchObject([{ cluster: 'models', target: null }]);
  });

  it('is none for a cluster without a key, whose headers are not even looked at', () => {
    const shop = new Shop(KEYED);
    const headers = {
      text: (name: string): string => {
        throw new Error(`${name} was asked for`);
      },
    };
    expect(targetOf(shop, 'plain', headers)).toBeNull();
  });

  it('is none for a request without a cluster, though the defaults have a key', () => {
    const shop = new Shop({ defaults: { key: { header: 'x-model' } } });
    expect(shop.named('large', '')).toBeNull();
    expect(shop.named('large', 'any')).toBe('large');
  });

  it('is told apart by case, as values of headers are', () => {
    const shop = new Shop(KEYED);
    expect([shop.ask('Large'), shop.ask('large')]).toEqual(['Large', 'large']);
  });

  it('is the shared one for a value that is too long, however much room there is', () => {
    const shop = new Shop(KEYED);
    const longest = 'x'.repeat(MAX_TARGET_LENGTH);
    expect(shop.ask(longest)).toBe(longest);
    expect(shop.ask(`${longest}x`)).toBe(OTHER_TARGET);
  });

  it('is not taken from what every object has', () => {
    const shop = new Shop({ clusters: { models: { key: { header: 'x-model', max: 1 }, targets: { large: {} } } } });
    shop.ask('first');
    expect([shop.ask('constructor'), shop.ask('__proto__')]).toEqual([OTHER_TARGET, OTHER_TARGET]);
  });
});

describe('past the bound', () => {
  it('values share one target, while those that came first keep theirs', () => {
    const shop = new Shop(KEYED);
    expect(['a', 'b', 'c', 'd', 'e'].map((value) => shop.ask(value))).toEqual(['a', 'b', 'c', '_other', '_other']);
    expect(['a', 'b', 'c'].map((value) => shop.ask(value))).toEqual(['a', 'b', 'c']);
    expect(shop.targets()).toEqual(['a', 'b', 'c', '_other']);
  });

  it('a value that the policy lists still has its own', () => {
    const shop = new Shop({
      clusters: { models: { key: { header: 'x-model', max: 1 }, targets: { large: {}, small: {} } } },
    });
    expect(['a', 'b', 'large', 'small'].map((value) => shop.ask(value))).toEqual(['a', '_other', 'large', 'small']);
  });

  it('a client that sends the name of the shared target is one of those that share it, and takes no place', () => {
    const shop = new Shop({ clusters: { models: { key: { header: 'x-model', max: 1 } } } });
    expect(shop.ask('_other')).toBe(OTHER_TARGET);
    expect(shop.ask('a')).toBe('a');
  });

  it('clusters have their places each to themselves', () => {
    const shop = new Shop({ defaults: { key: { header: 'x-model', max: 1 } } });
    expect([shop.ask('a', 0, 'one'), shop.ask('b', 0, 'two'), shop.ask('b', 0, 'one')]).toEqual(['a', 'b', '_other']);
  });

  it('a value without a circuit of its own has none made by asking for its name alone', () => {
    const shop = new Shop(KEYED);
    for (const value of ['a', 'b', 'c', 'd']) expect(shop.named(value)).toBe(value);
    expect(shop.circuits.size).toBe(0);
  });
});

describe('a place', () => {
  it('is free again when its circuit was idle for long enough', () => {
    const shop = new Shop(KEYED);
    for (const value of ['a', 'b', 'c']) shop.ask(value, 0);
    shop.ask('a', MINUTE);
    expect(shop.ask('d', MINUTE)).toBe(OTHER_TARGET);
    shop.circuits.sweep(IDLE_MS);
    expect(['d', 'e', 'f'].map((value) => shop.ask(value, IDLE_MS))).toEqual(['d', 'e', '_other']);
    expect(shop.ask('a', IDLE_MS)).toBe('a');
  });

  it('is kept while its circuit is open, however idle', () => {
    const shop = new Shop({
      clusters: { models: { key: { header: 'x-model', max: 1 }, circuit: { open: { base: '24h', max: '24h' } } } },
    });
    shop.ask('a');
    shop.circuits.force('models', 'a', 'forced_open', 0);
    shop.circuits.sweep(10 * IDLE_MS);
    expect(shop.ask('b', 10 * IDLE_MS)).toBe(OTHER_TARGET);
  });

  it('is free again when its circuit made room for a cluster', () => {
    const shop = new Shop({ clusters: { models: { key: { header: 'x-model', max: 1 } } } }, 2);
    expect([shop.ask('a', 1), shop.ask('b', 2)]).toEqual(['a', '_other']);
    shop.ask(undefined, 3, 'plain');
    expect(shop.dropped).toEqual(['evicted models']);
    shop.circuits.sweep(2 + IDLE_MS);
    expect(shop.ask('b', 3 + IDLE_MS)).toBe('b');
  });

  it('is found for results that come after its circuit went', () => {
    const shop = new Shop({ clusters: { models: { key: { header: 'x-model', max: 1 } } } });
    shop.ask('a', 0);
    shop.circuits.sweep(IDLE_MS);
    shop.ask('b', IDLE_MS);
    expect(circuitFor(shop, 'models', 'a', IDLE_MS).target).toBe(OTHER_TARGET);
    expect(circuitFor(shop, 'models', 'b', IDLE_MS).target).toBe('b');
    expect(circuitFor(shop, 'models', null, IDLE_MS).target).toBeNull();
  });

  it('is of no use once the policy has no key any more: results go to the cluster', () => {
    const shop = new Shop(KEYED);
    shop.ask('a');
    shop.policy = policyOf({});
    expect(circuitFor(shop, 'models', 'a', 0).target).toBeNull();
  });
});

describe('someone who invents values', () => {
  it('makes no more circuits than the key allows, and pushes out none', () => {
    const shop = new Shop(KEYED);
    for (const value of ['a', 'b']) shop.ask(value, 0);
    shop.ask(undefined, 0, 'plain');
    for (let n = 0; n < 100_000; n++) shop.ask(`invented-${n}`, n / 1000);
    expect(shop.targets()).toEqual(['a', 'b', 'invented-0', '_other']);
    expect(shop.circuits.size).toBe(5);
    expect(shop.dropped).toEqual([]);
  });

  it('cannot take the places of clusters, though the key allows more than there is room for', () => {
    const shop = new Shop({ clusters: { models: { key: { header: 'x-model', max: 100_000 } } } }, 10);
    for (const cluster of ['one', 'two', 'three']) shop.ask(undefined, 0, cluster);
    for (let n = 0; n < 10_000; n++) shop.ask(`invented-${n}`, 1 + n);
    const clusters = shop.circuits.all(0).filter(({ target }) => target === null);
    expect(clusters.map(({ cluster }) => cluster)).toEqual(['two', 'three']);
    // Only the target that all of them share may need a place that somebody has: once.
    expect(shop.dropped).toEqual(['evicted one']);
    expect(shop.circuits.size).toBe(10);
  });

  it('never moves the bounds, whatever is sent, swept, listed and evicted', () => {
    const document = {
      clusters: {
        models: { key: { header: 'x-model', max: 2 }, targets: { listed: {}, also: {} } },
        tools: { key: { header: 'x-model', max: 3 } },
      },
    };
    const value = fc.constantFrom('', 'a', 'b', 'c', 'd', 'listed', 'also', '_other', 'x'.repeat(200));
    const step = fc.record({
      cluster: fc.constantFrom('models', 'tools', 'plain', 'other'),
      value,
      passMs: fc.constantFrom(0, 1, 8 * MINUTE, IDLE_MS),
      force: fc.boolean(),
    });
    const maxOf: Readonly<Record<string, number>> = { models: 2, tools: 3, plain: 0, other: 0 };
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 3, max: 12 }), (steps, maxCircuits) => {
        const shop = new Shop(document, maxCircuits);
        let now = 0;
        for (const { cluster, value: sent, passMs, force } of steps) {
          now += passMs;
          if (passMs > 0) shop.circuits.sweep(now);
          const before = shop.circuits.all(now).map(({ cluster: c, target }) => `${c} ${target}`);
          const target = shop.ask(sent, now, cluster);
          if (force) shop.circuits.force(cluster, target, 'forced_open', now);
          const unlisted = shop.targets(cluster).filter((each) => !['_other', 'listed', 'also'].includes(each ?? ''));
          expect(unlisted.length).toBeLessThanOrEqual(cluster === 'models' ? 2 : (maxOf[cluster] ?? 0));
          expect(shop.circuits.size).toBeLessThanOrEqual(maxCircuits);
          // A value keeps its name from one request to the next.
          if (target !== null && shop.circuits.get(cluster, target) !== undefined) {
            expect(shop.named(sent, cluster)).toBe(target);
          }
          if (sent === 'listed' && cluster === 'models') expect(target).toBe('listed');
          // Only what the policy or Envoy has named, or the shared target, may make another go.
          if (target !== null && ['a', 'b', 'c', 'd'].includes(target)) {
            const after = new Set(shop.circuits.all(now).map(({ cluster: c, target: t }) => `${c} ${t}`));
            expect(before.filter((name) => !after.has(name))).toEqual([]);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
