// Family I, what is not about one request: the delays themselves, the ceiling, and what is kept for how long.

import { describe, expect, it } from 'vitest';
import type { BackoffPolicy } from '../../src/core/policy.js';
import { delayMs } from '../../src/core/retry/backoff.js';
import { SESSION_LIMITS } from '../../src/core/sessions.js';
import { parsePolicy } from '../../src/policy/load.js';
import { CoreWorld, policyOf, type Stream } from '../support/core-world.js';
import { attributesOf, headersOf } from '../support/fake-headers.js';
import { shippedPolicy } from '../support/policies.js';

const backoffOf = (backoff: object): BackoffPolicy =>
  policyOf(shippedPolicy('tool-gateway', { defaults: { retry: { backoff } } })).forCluster('a').retry.backoff;

/** Uniform in [0, 1), the same in every run: a linear congruential generator with the constants of Numerical Recipes. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const never = (): number => {
  throw new Error('without jitter no chance is asked for');
};

describe('delays', () => {
  it.each([
    [0, 200],
    [1, 400],
    [2, 800],
  ])('I1: base 200, max 5000, no jitter: retry %i waits %i ms', (n, wait) => {
    expect(delayMs(backoffOf({ jitter: 'none' }), n, 503, never)).toBe(wait);
  });

  it.each([
    [0, 200],
    [1, 400],
    [2, 500],
    [10, 500],
    [63, 500],
    [5000, 500],
  ])('I2: max 500: retry %i waits %i ms, without overflow', (n, wait) => {
    expect(delayMs(backoffOf({ jitter: 'none', max: '500ms' }), n, null, never)).toBe(wait);
  });

  describe('I3: full jitter, max 300, n = 5', () => {
    const backoff = backoffOf({ max: '300ms' });
    const random = seeded(20_261_122);
    const delays = Array.from({ length: 30_000 }, () => delayMs(backoff, 5, 503, random));

    it('I3: every delay is a whole number from 0 to 300', () => {
      expect(delays.every((delay) => Number.isInteger(delay) && delay >= 0 && delay <= 300)).toBe(true);
    });

    it('I3: the delays are uniform, by chi-square over 30 bins', () => {
      const bins = Array.from({ length: 30 }, () => 0);
      for (const delay of delays) {
        const bin = Math.max(0, Math.ceil(delay / 10) - 1);
        bins[bin] = (bins[bin] ?? 0) + 1;
      }
      const expected = delays.length / bins.length;
      const chiSquare = bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      // 58.3 is passed by one in a thousand uniform samples, with 29 degrees of freedom.
      expect(chiSquare).toBeLessThan(58.3);
    });

    it('I3: both ends are reached', () => {
      expect(delayMs(backoff, 5, 503, () => 0)).toBe(0);
      expect(delayMs(backoff, 5, 503, () => 1 - Number.EPSILON)).toBe(300);
    });
  });
});

describe('the ceiling', () => {
  const load = (document: object) => {
    const result = parsePolicy(JSON.stringify(shippedPolicy('tool-gateway', { ...document })), 'tools.yaml');
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    return result;
  };
  const asks = (maxRetries: number) => ({ retry: { maxRetries } });

  it('I10: a policy that asks for 5 under a ceiling of 2 gets 2, and one warning that names both', () => {
    const { policy, warnings } = load({ ceilings: { maxRetries: 2 }, defaults: asks(5) });
    expect(policy.forCluster('any').retry.maxRetries).toBe(2);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/defaults\.retry\.maxRetries.*\b5\b.*\(2\)/);
  });

  it('I10: an override that asks for 5 gets the ceiling and a warning of its own', () => {
    const { policy, warnings } = load({ ceilings: { maxRetries: 2 }, clusters: { search: asks(5) } });
    expect(policy.forCluster('search').retry.maxRetries).toBe(2);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/clusters\.search\.retry\.maxRetries.*\b5\b.*\(2\)/);
  });

  it('I10: what equals the ceiling is no warning', () => {
    const { policy, warnings } = load({
      ceilings: { maxRetries: 2 },
      defaults: asks(2),
      clusters: { search: asks(2) },
    });
    expect(policy.forCluster('search').retry.maxRetries).toBe(2);
    expect(warnings).toEqual([]);
  });
});

describe('state of a request', () => {
  const limits = { ...SESSION_LIMITS, pendingMs: 60_000 };
  const admit = (world: CoreWorld): string => {
    const stream = world.admission();
    stream.handler.message({
      kind: 'request_headers',
      headers: headersOf({ ':method': 'GET', ':path': '/tool' }),
      attributes: attributesOf({ 'xds.cluster_name': 'a' }),
    });
    return idOf(stream);
  };

  it('I11: what is older than its time to live is gone, and a fresh one stays', () => {
    const world = new CoreWorld(shippedPolicy('tool-gateway'), { limits });
    const old = admit(world);
    world.advance(59_999);
    const fresh = admit(world);
    world.engine.sweep(world.now);
    expect(world.engine.session(old)).toBeDefined();
    world.advance(1);
    world.engine.sweep(world.now);
    expect(world.engine.session(old)).toBeUndefined();
    expect(world.engine.session(fresh)).toBeDefined();
    expect(world.engine.openSessions).toBe(1);
  });

  it('I11: its story is told once when it goes', () => {
    const world = new CoreWorld(shippedPolicy('tool-gateway'), { limits });
    const id = admit(world);
    world.advance(60_000);
    world.engine.sweep(world.now);
    world.engine.sweep(world.now);
    expect(world.finished.map((record) => [record.id, record.result])).toEqual([[id, 'unknown']]);
  });
});

describe('a client that goes away during a hold', () => {
  it('I15: no retry is sent, the budget gets its charge back, and nothing waits any more', () => {
    const world = new CoreWorld(shippedPolicy('tool-gateway'));
    const admission = world.admission();
    admission.handler.message({
      kind: 'request_headers',
      headers: headersOf({ ':method': 'GET', ':path': '/tool' }),
      attributes: attributesOf({ 'xds.cluster_name': 'a' }),
    });
    const id = idOf(admission);
    const judge = world.attempt();
    judge.handler.message({
      kind: 'request_headers',
      headers: headersOf({ 'x-sluice-id': id, 'x-envoy-attempt-count': '1' }),
      attributes: attributesOf({ 'xds.cluster_name': 'a' }),
    });
    const before = world.engine.budgetRemaining('a', world.now) ?? 0;
    judge.handler.message({
      kind: 'response_headers',
      headers: headersOf({ ':status': '503' }),
      attributes: attributesOf({}),
    });
    expect(judge.last).toMatchObject({ kind: 'extend_timeout' });
    expect(world.engine.budgetRemaining('a', world.now)).toBe(before - 1);
    expect(world.waiting).toBe(1);
    world.advance(100);
    judge.handler.closed();
    admission.handler.closed();
    expect(world.engine.budgetRemaining('a', world.now)).toBe(before);
    expect(world.waiting).toBe(0);
    const sent = judge.sent.length;
    world.advance(10_000);
    world.engine.sweep(world.now);
    expect(judge.sent).toHaveLength(sent);
    expect(world.engine.openSessions).toBe(0);
    expect(world.finished).toMatchObject([{ id, attempts: [{ attempt: 1 }], notRetried: 'cancelled' }]);
    expect(world.counted('retry', 'a', 'granted', 'status')).toBe(0);
  });
});

function idOf(stream: Stream): string {
  const [first] = stream.sent;
  if (first?.kind !== 'continue_request') throw new Error('it was not let through');
  return first.headers.set.find(([name]) => name === 'x-sluice-id')?.[1] ?? '';
}
