import { describe, expect, it } from 'vitest';
import { Policy } from '../../src/policy/resolve.js';
import { fixtures, load, policyOf } from './support.js';

const LAYERS = `
defaults:
  circuit: { failureRatio: 0.9, open: { base: 2s } }
  retry: { maxRetries: 1, statuses: [502] }
  fallback: [spare]
clusters:
  "pay*": { circuit: { open: { max: 1m } } }
  payments:
    key: { header: X-Model }
    circuit: { failureRatio: 0.5 }
    retry: { maxRetries: 2, statuses: [503] }
    fallback: [secondary]
    targets:
      large: { circuit: { failureRatio: 0.25 }, retry: { maxRetries: 0, statuses: [] } }
routes:
  checkout: { cluster: payments, retry: { maxRetries: 3 }, fallback: [tertiary] }
  "check*": { retry: { nonIdempotent: true } }
`;

describe('the built-in defaults', () => {
  const { circuit, retry, fallback } = policyOf('').forCluster('any');

  it('are those of the design, for the circuit', () => {
    expect(circuit).toEqual({
      mode: 'enforce',
      window: { requests: 100, durationMs: 60_000 },
      failureRatio: 0.95,
      minimumRequests: 10,
      consecutiveFailures: 0,
      failureStatuses: new Set([429, 500, 502, 503, 504]),
      failureGrpcStatuses: new Set([2, 4, 8, 13, 14, 15]),
      slow: { afterMs: 0, ratio: 0.5 },
      open: { baseMs: 5_000, maxMs: 300_000, jitter: 0.5 },
      halfOpen: { probes: 1, successes: 1, leaseMs: 30_000 },
      rampMs: 0,
    });
  });

  it('are those of the design, for retries', () => {
    expect(retry).toEqual({
      mode: 'enforce',
      maxRetries: 1,
      on: ['connect-failure', 'refused-stream', 'reset-before-request'],
      statuses: new Set(),
      nonIdempotent: false,
      perTryTimeoutMs: 0,
      judge: false,
      backoff: { baseMs: 25, maxMs: 250, jitter: 'full', byStatus: new Map([[429, { baseMs: 1_000, maxMs: 8_000 }]]) },
      honour: { retryAfter: true, maxMs: 5_000 },
      budget: { ratio: 0.2, minPerSecond: 10, windowMs: 10_000 },
    });
  });

  it('have no fallback and no key', () => {
    expect(fallback).toEqual([]);
    expect(policyOf('').keyFor('any')).toBeNull();
  });
});

describe('overrides', () => {
  const policy = policyOf(LAYERS);

  it('merge field by field: defaults, then the cluster', () => {
    const { circuit } = policy.forCluster('payments');
    expect([circuit.failureRatio, circuit.open.baseMs, circuit.open.maxMs]).toEqual([0.5, 2_000, 300_000]);
  });

  it('of a target go between cluster and route', () => {
    const target = policy.forTarget('payments', 'large');
    expect([target.circuit.failureRatio, target.retry.maxRetries, target.retry.statuses.size]).toEqual([0.25, 0, 0]);
    const routed = policy.forTarget('payments', 'large', 'checkout');
    expect([routed.circuit.failureRatio, routed.retry.maxRetries, routed.retry.statuses.size]).toEqual([0.25, 3, 0]);
  });

  it('of an unknown target are those of the cluster', () => {
    expect(policy.forTarget('payments', 'small')).toBe(policy.forCluster('payments'));
    expect(policy.forTarget('elsewhere', 'large')).toBe(policy.forCluster('elsewhere'));
  });

  it('of a route go on top', () => {
    const request = policy.forRequest('payments', 'checkout');
    expect(request.retry.maxRetries).toBe(3);
    expect(request.circuit.failureRatio).toBe(0.5);
    expect([...request.retry.statuses]).toEqual([503]);
  });

  it('of the exact name win over those of a pattern, which then play no part', () => {
    expect(policy.forCluster('payroll').circuit.open.maxMs).toBe(60_000);
    expect(policy.forCluster('payments').circuit.open.maxMs).toBe(300_000);
    expect(policy.forRequest('a', 'checkout').retry.nonIdempotent).toBe(false);
    expect(policy.forRequest('a', 'checkin').retry.nonIdempotent).toBe(true);
  });

  it('replace lists whole', () => {
    expect([...policy.forCluster('payments').retry.statuses]).toEqual([503]);
    expect(policy.forCluster('payments').fallback).toEqual(['secondary']);
  });

  it('merge byStatus status by status, and each status whole', () => {
    const merged = policyOf(`
defaults: { retry: { backoff: { byStatus: { 503: { base: 1s, max: 2s } } } } }
clusters: { a: { retry: { backoff: { byStatus: { 429: { base: 3s, max: 4s } } } } } }
`);
    const seconds = (cluster: string) =>
      [...merged.forCluster(cluster).retry.backoff.byStatus].map(([status, { baseMs, maxMs }]) => [
        status,
        baseMs,
        maxMs,
      ]);
    expect(seconds('a').sort()).toEqual([
      [429, 3_000, 4_000],
      [503, 1_000, 2_000],
    ]);
    expect(seconds('b').sort()).toEqual([
      [429, 1_000, 8_000],
      [503, 1_000, 2_000],
    ]);
  });

  it('list the targets that they are for, of that very cluster', () => {
    expect([policy.listsTarget('payments', 'large'), policy.listsTarget('payments', 'small')]).toEqual([true, false]);
    expect([policy.listsTarget('elsewhere', 'large'), policy.listsTarget('payments', 'constructor')]).toEqual([
      false,
      false,
    ]);
  });

  it('of no target are those of the cluster', () => {
    expect(policy.forTarget('payments', null)).toBe(policy.forCluster('payments'));
    expect(policy.forTarget('payments', null, 'checkout')).toBe(policy.forRequest('payments', 'checkout'));
  });

  it('name the header that splits a cluster, in lower case', () => {
    expect(policy.keyFor('payments')).toEqual({ header: 'x-model', max: 256 });
    expect(policy.keyFor('payroll')).toBeNull();
  });

  it('of a key merge too', () => {
    const keyed = policyOf('defaults: { key: { header: x-a, max: 9 } }\nclusters: { a: { key: { header: x-b } } }\n');
    expect(keyed.keyFor('a')).toEqual({ header: 'x-b', max: 9 });
    expect(keyed.keyFor('other')).toEqual({ header: 'x-a', max: 9 });
  });

  it('never leave a base above its maximum, even where a route and a cluster disagree', () => {
    const clash = policyOf(`
clusters: { a: { retry: { backoff: { max: 50ms } } } }
routes: { r: { retry: { backoff: { base: 200ms } } } }
`);
    expect(clash.forRequest('a', 'r').retry.backoff).toMatchObject({ baseMs: 50, maxMs: 50 });
  });
});

describe('fallbacks', () => {
  const policy = policyOf(LAYERS);

  it('leave out the cluster itself where a list of defaults names it', () => {
    expect(policy.forCluster('other').fallback).toEqual(['spare']);
    expect(policy.forCluster('spare').fallback).toEqual([]);
  });

  it('leave it out where a pattern or a route names it', () => {
    const patterns = policyOf(
      'clusters: { "pay-*": { fallback: [pay-a, pay-b] } }\nroutes: { r: { fallback: [x, y] } }\n',
    );
    expect(patterns.forCluster('pay-a').fallback).toEqual(['pay-b']);
    expect(patterns.forCluster('pay-b').fallback).toEqual(['pay-a']);
    expect(patterns.forCluster('pay-c').fallback).toEqual(['pay-a', 'pay-b']);
    expect(patterns.forRequest('x', 'r').fallback).toEqual(['y']);
    expect(patterns.forRequest('z', 'r').fallback).toEqual(['x', 'y']);
  });
});

describe('a policy that is asked', () => {
  it('gives the same frozen object for the same name', () => {
    const policy = policyOf(LAYERS);
    const [first, second] = [policy.forRequest('payments', 'checkout'), policy.forRequest('payments', 'checkout')];
    expect(first).toBe(second);
    expect(Object.isFrozen(first)).toBe(true);
    expect(Object.isFrozen(first.circuit.open)).toBe(true);
    expect(Object.isFrozen(first.fallback)).toBe(true);
  });

  it('gives one object to all names of one pattern', () => {
    const policy = policyOf(LAYERS);
    expect(policy.forCluster('pay-1')).toBe(policy.forCluster('pay-2'));
    expect(policy.forCluster('a')).toBe(policy.forCluster('b'));
  });

  it('gives the policy of the cluster where no route is named or none matches', () => {
    const policy = policyOf(LAYERS);
    expect(policy.forRequest('payments', '')).toBe(policy.forCluster('payments'));
    expect(policy.forRequest('payments', 'elsewhere')).toBe(policy.forCluster('payments'));
  });

  it('gives the same objects still, after more odd names than it remembers', () => {
    const { places } = policyOf(LAYERS);
    const policy = new Policy(places, 4);
    const before = ['payments', 'pay-x', 'spare', 'a'].map((name) => policy.forRequest(name, 'checkout'));
    for (let index = 0; index < 100; index++) policy.forRequest(`odd-${index}`, `route-${index}`);
    const after = ['payments', 'pay-x', 'spare', 'a'].map((name) => policy.forRequest(name, 'checkout'));
    for (const [index, value] of before.entries()) expect(after[index]).toBe(value);
  });

  it.each(['', '__proto__', 'constructor', '*', 'pay*'])('treats %j as any other name', (name) => {
    expect(() => policyOf(LAYERS).forRequest(name, name)).not.toThrow();
  });

  it('knows the cluster that the file states for a route', () => {
    const policy = policyOf(LAYERS);
    expect([policy.routeCluster('checkout'), policy.routeCluster('checkin'), policy.routeCluster('')]).toEqual([
      'payments',
      null,
      null,
    ]);
  });
});

describe('the policy in force as a file', () => {
  const names = ['payments', 'pay-1', 'spare', 'a', 'models', 'constructor', '1.0', 'outbound|443||payments.shop.svc'];

  it.each([{ name: 'layers', text: LAYERS }, ...fixtures('good')])(
    'loads again as the same policy: $name',
    ({ text }) => {
      const first = policyOf(text);
      const { policy: second, warnings } = load(JSON.stringify(first));
      expect(warnings).toEqual([]);
      expect(second.toJSON()).toEqual(first.toJSON());
      for (const name of names) {
        expect(second.forCluster(name)).toEqual(first.forCluster(name));
        expect(second.forRequest(name, 'checkout')).toEqual(first.forRequest(name, 'checkout'));
        expect(second.forTarget(name, 'large')).toEqual(first.forTarget(name, 'large'));
        expect(second.keyFor(name)).toEqual(first.keyFor(name));
      }
      expect(second.routeCluster('checkout')).toBe(first.routeCluster('checkout'));
    },
  );

  it('has the defaults filled in and the ceilings applied', () => {
    const file = policyOf('ceilings: { maxRetries: 2 }\nclusters: { a: { retry: { maxRetries: 9 } } }\n').toJSON();
    expect(file).toMatchObject({
      ceilings: { maxRetries: 2, perTryTimeout: '30s' },
      defaults: { circuit: { failureRatio: 0.95, open: { base: '5s' } }, retry: { maxRetries: 1 }, fallback: [] },
      clusters: { a: { retry: { maxRetries: 2 } } },
      routes: {},
    });
  });
});

describe('an explanation', () => {
  const policy = policyOf(`
ceilings: { perTryTimeout: 1s }
defaults: { circuit: { open: { base: 2s } }, fallback: [a, b] }
clusters:
  "pay*": { retry: { perTryTimeout: 5s, backoff: { byStatus: { 503: { base: 1s, max: 2s } } } } }
  keyed: { key: { header: X-Model }, targets: { large: { circuit: { failureRatio: 0.5 } } } }
routes: { "check*": { retry: { maxRetries: 0 } } }
`);

  it('gives every value in the notation of the file, and where it came from', () => {
    const { policy: values, ...names } = policy.explain('payments', 'checkout');
    expect(names).toEqual({ cluster: 'payments', route: 'checkout', target: null });
    expect(values).toMatchObject({
      circuit: {
        failureRatio: { value: 0.95, from: 'default' },
        open: { base: { value: '2s', from: 'defaults' }, max: { value: '5m', from: 'default' } },
      },
      retry: {
        maxRetries: { value: 0, from: 'routes.check*' },
        perTryTimeout: { value: '1s', from: 'ceilings' },
        backoff: {
          byStatus: {
            429: { value: { base: '1s', max: '8s' }, from: 'default' },
            503: { value: { base: '1s', max: '2s' }, from: 'clusters.pay*' },
          },
        },
      },
      fallback: { value: ['a', 'b'], from: 'defaults' },
    });
  });

  it('leaves out the route where none is asked for', () => {
    const { policy: values, route } = policy.explain('payments');
    expect(route).toBeNull();
    expect(values).toMatchObject({ retry: { maxRetries: { value: 1, from: 'default' } } });
  });

  it('leaves a cluster out of its own fallbacks', () => {
    expect(policy.explain('a').policy).toMatchObject({ fallback: { value: ['b'], from: 'defaults' } });
  });

  it('names the target where one is asked for', () => {
    const explained = policy.explain('keyed', undefined, 'large');
    expect(explained.target).toBe('large');
    expect(explained.policy).toMatchObject({
      circuit: { failureRatio: { value: 0.5, from: 'clusters.keyed.targets.large' } },
      key: { header: { value: 'X-Model', from: 'clusters.keyed' }, max: { value: 256, from: 'default' } },
    });
  });

  it('has every field that the core reads', () => {
    const { circuit, retry } = policyOf('').explain('x').policy;
    expect(Object.keys(Object(circuit))).toHaveLength(11);
    expect(Object.keys(Object(retry))).toHaveLength(10);
  });

  it('goes through JSON unchanged', () => {
    const explained = policy.explain('payments', 'checkout');
    expect(JSON.parse(JSON.stringify(explained))).toEqual(explained);
  });
});
