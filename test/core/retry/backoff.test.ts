import { describe, expect, it } from 'vitest';
import type { BackoffPolicy } from '../../../src/core/policy.js';
import { delayMs } from '../../../src/core/retry/backoff.js';

const never = (): number => {
  throw new Error('chance was asked without jitter');
};

function plain(baseMs: number, maxMs: number): BackoffPolicy {
  return { baseMs, maxMs, jitter: 'none', byStatus: new Map() };
}

/** A pool with a schedule of its own for 429. */
const POOL: BackoffPolicy = { ...plain(500, 60_000), byStatus: new Map([[429, { baseMs: 1000, maxMs: 8000 }]]) };

function waits(policy: BackoffPolicy, statuses: (number | null)[]): number[] {
  return statuses.map((status, n) => delayMs(policy, n, status, never));
}

describe('the schedule of an inference pool', () => {
  it('N1: waits 500, 1000, 2000 ms after refused connections', () => {
    expect(waits(POOL, [null, null, null])).toEqual([500, 1000, 2000]);
  });

  it('N5: waits 1, 2, 4 s after 429', () => {
    expect(waits(POOL, [429, 429, 429])).toEqual([1000, 2000, 4000]);
  });

  it('N14: after 503, 429, 503 waits 500, 2000, 2000 ms', () => {
    expect(waits(POOL, [503, 429, 503])).toEqual([500, 2000, 2000]);
  });

  it('caps each schedule at its own maximum', () => {
    expect(delayMs(POOL, 20, 429, never)).toBe(8000);
    expect(delayMs(POOL, 20, 503, never)).toBe(60_000);
  });
});

describe('the schedule of tools', () => {
  it('I1: 200, 400, 800 without jitter', () => {
    expect(waits(plain(200, 5000), [503, 503, 503])).toEqual([200, 400, 800]);
  });

  it.each([
    [0, 200],
    [1, 400],
    [2, 500],
    [10, 500],
    [63, 500],
    [1000, 500],
    [1e9, 500],
    [Number.POSITIVE_INFINITY, 500],
  ])('I2: at n = %d waits %i ms, capped without overflow', (n, expected) => {
    expect(delayMs(plain(200, 500), n, null, never)).toBe(expected);
  });

  it('I3: jitter is uniform from 0 to the cap', () => {
    const policy: BackoffPolicy = { ...plain(200, 300), jitter: 'full' };
    const draws = 30_000;
    const counts = new Map<number, number>();
    for (let i = 0; i < draws; i++) {
      const ms = delayMs(policy, 5, 503, () => (i + 0.5) / draws);
      counts.set(ms, (counts.get(ms) ?? 0) + 1);
    }
    // ceil of a uniform draw: 300 whole values, equally often.
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
    for (const count of counts.values()) expect(count).toBe(100);
  });

  it('I3: the ends of the range are 0 and the cap', () => {
    const policy: BackoffPolicy = { ...plain(200, 300), jitter: 'full' };
    expect(delayMs(policy, 5, null, () => 0)).toBe(0);
    expect(delayMs(policy, 5, null, () => 1 - 2 ** -53)).toBe(300);
  });

  it('rounds up: a delay is never shorter than drawn', () => {
    expect(delayMs({ ...plain(1, 10), jitter: 'full' }, 0, null, () => 0.0001)).toBe(1);
    expect(delayMs(plain(0.4, 10), 0, null, never)).toBe(1);
  });

  it('does not wait where the base or the maximum is 0', () => {
    expect(delayMs(plain(0, 500), 1e9, null, never)).toBe(0);
    expect(delayMs(plain(200, 0), 3, null, never)).toBe(0);
  });

  it('jitters the schedule of a single status as well', () => {
    expect(delayMs({ ...POOL, jitter: 'full' }, 1, 429, () => 0.5)).toBe(1000);
    expect(delayMs({ ...POOL, jitter: 'full' }, 1, 503, () => 0.5)).toBe(500);
  });
});
