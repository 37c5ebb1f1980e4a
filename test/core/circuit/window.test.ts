import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ResultWindow } from '../../../src/core/circuit/window.js';

function counts(window: ResultWindow): { requests: number; failures: number; slow: number } {
  return { requests: window.requests, failures: window.failures, slow: window.slow };
}

describe('the window by count', () => {
  it('is empty at first and holds no memory', () => {
    const window = new ResultWindow({ requests: 1_000_000, durationMs: 1000 });
    expect(counts(window)).toEqual({ requests: 0, failures: 0, slow: 0 });
    expect(window.slots).toBe(0);
  });

  it('keeps the newest results when it is full', () => {
    const window = new ResultWindow({ requests: 2, durationMs: 1000 });
    window.record(true, false, 0);
    window.record(true, true, 0);
    window.record(false, false, 0);
    expect(counts(window)).toEqual({ requests: 2, failures: 1, slow: 1 });
    window.record(false, false, 0);
    expect(counts(window)).toEqual({ requests: 2, failures: 0, slow: 0 });
  });

  it('works at a size of one', () => {
    const window = new ResultWindow({ requests: 1, durationMs: 1000 });
    for (let i = 0; i < 5; i++) window.record(i % 2 === 0, false, i);
    expect(counts(window)).toEqual({ requests: 1, failures: 1, slow: 0 });
  });

  it('grows by doubling and never past its limit', () => {
    const window = new ResultWindow({ requests: 100, durationMs: 1000 });
    const slots = new Set<number>();
    for (let i = 0; i < 500; i++) {
      window.record(false, false, 0);
      slots.add(window.slots);
    }
    expect([...slots]).toEqual([16, 32, 64, 100]);
    expect(window.requests).toBe(100);
  });

  it('allocates no more than the limit where that is small', () => {
    const window = new ResultWindow({ requests: 3, durationMs: 1000 });
    window.record(false, false, 0);
    expect(window.slots).toBe(3);
  });

  it('does not grow while time empties it as fast as it fills', () => {
    const window = new ResultWindow({ requests: 1_000_000, durationMs: 10 });
    for (let now = 0; now < 10_000; now++) window.record(true, true, now);
    expect(window.requests).toBe(11);
    expect(window.slots).toBe(16);
  });

  it('gives its memory back when it is cleared, and works on', () => {
    const window = new ResultWindow({ requests: 100, durationMs: 1000 });
    for (let i = 0; i < 100; i++) window.record(true, true, 0);
    window.clear();
    expect(window.slots).toBe(0);
    window.record(true, false, 0);
    expect(counts(window)).toEqual({ requests: 1, failures: 1, slow: 0 });
  });
});

describe('the window by time', () => {
  it('counts a result of exactly its duration', () => {
    const window = new ResultWindow({ requests: 10, durationMs: 1000 });
    window.record(true, false, 500);
    window.expire(1500);
    expect(window.failures).toBe(1);
  });

  it('drops a result that is a millisecond older', () => {
    const window = new ResultWindow({ requests: 10, durationMs: 1000 });
    window.record(true, true, 500);
    window.expire(1501);
    expect(counts(window)).toEqual({ requests: 0, failures: 0, slow: 0 });
  });

  it('drops by age before it drops by count', () => {
    const window = new ResultWindow({ requests: 2, durationMs: 1000 });
    window.record(true, false, 0);
    window.record(false, false, 900);
    window.record(false, false, 1001);
    expect(counts(window)).toEqual({ requests: 2, failures: 0, slow: 0 });
  });

  it('holds its clock when the clock steps back', () => {
    const window = new ResultWindow({ requests: 10, durationMs: 1000 });
    window.record(true, false, 5000);
    window.record(false, false, 10);
    window.expire(6000);
    expect(window.requests).toBe(2);
    window.expire(6001);
    expect(window.requests).toBe(0);
  });
});

describe('a window that is resized', () => {
  function filled(requests: number): ResultWindow {
    const window = new ResultWindow({ requests, durationMs: 1000 });
    // Failures at even times; the ring has wrapped.
    for (let now = 0; now < requests + 3; now++) window.record(now % 2 === 0, now % 4 === 0, now);
    return window;
  }

  it('keeps the newest results when it shrinks', () => {
    const window = filled(10);
    window.resize({ requests: 3, durationMs: 1000 }, 12);
    expect(counts(window)).toEqual({ requests: 3, failures: 2, slow: 1 }); // times 10, 11, 12
    expect(window.slots).toBe(3);
  });

  it('keeps all of them when it grows, and goes on in order', () => {
    const window = filled(4);
    window.resize({ requests: 6, durationMs: 1000 }, 6);
    expect(window.requests).toBe(4); // times 3, 4, 5, 6
    for (let i = 0; i < 3; i++) window.record(false, false, 7);
    expect(counts(window)).toEqual({ requests: 6, failures: 2, slow: 1 }); // 4, 5, 6 and the new ones
  });

  it('applies a shorter duration at once', () => {
    const window = filled(10);
    window.resize({ requests: 10, durationMs: 2 }, 12);
    expect(window.requests).toBe(3);
  });

  it('does not bring back what a shorter duration had let go', () => {
    const window = new ResultWindow({ requests: 10, durationMs: 100 });
    window.record(true, false, 0);
    window.resize({ requests: 10, durationMs: 10_000 }, 101);
    expect(window.requests).toBe(0);
  });

  it.each([
    [{ requests: 0, durationMs: 1000 }, 'circuit.window.requests is 0: set a whole number of at least 1'],
    [{ requests: 1.5, durationMs: 1000 }, 'circuit.window.requests is 1.5: set a whole number of at least 1'],
    [{ requests: 10, durationMs: 0 }, 'circuit.window.duration is 0 ms: set a time above 0'],
    [{ requests: 10, durationMs: Number.NaN }, 'circuit.window.duration is NaN ms: set a time above 0'],
  ])('refuses %o, names the value and stays as it was', (bad, message) => {
    expect(() => new ResultWindow(bad)).toThrow(new RangeError(message));
    const window = filled(4);
    const before = counts(window);
    expect(() => window.resize(bad, 6)).toThrow(RangeError);
    window.expire(6);
    expect(counts(window)).toEqual(before);
  });
});

interface Step {
  readonly ms: number;
  readonly failed: boolean;
  readonly slow: boolean;
  readonly resize: { requests: number; durationMs: number } | null;
}

const step: fc.Arbitrary<Step> = fc.record({
  ms: fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 0, max: 6 }) },
    { weight: 1, arbitrary: fc.integer({ min: -20, max: 40 }) },
  ),
  failed: fc.boolean(),
  slow: fc.boolean(),
  resize: fc.option(
    fc.record({ requests: fc.integer({ min: 1, max: 40 }), durationMs: fc.integer({ min: 1, max: 60 }) }),
    {
      freq: 12,
    },
  ),
});

describe('the window beside a list', () => {
  it('agrees with filtering the list of all results, at every step', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        let size = { requests: 8, durationMs: 20 };
        const window = new ResultWindow(size);
        let list: { at: number; failed: boolean; slow: boolean }[] = [];
        let clock = 0;
        let now = Number.NEGATIVE_INFINITY;
        for (const { ms, failed, slow, resize } of steps) {
          clock += ms;
          now = Math.max(now, clock);
          const prune = (): void => {
            list = list.filter((result) => now - result.at <= size.durationMs).slice(-size.requests);
          };
          prune();
          if (resize === null) {
            window.record(failed, slow, clock);
            list.push({ at: now, failed, slow });
          } else {
            window.resize(resize, clock);
            size = resize;
          }
          prune();
          expect(counts(window)).toEqual({
            requests: list.length,
            failures: list.filter((result) => result.failed).length,
            slow: list.filter((result) => result.slow).length,
          });
          expect(window.slots).toBeLessThanOrEqual(Math.max(size.requests, 1));
        }
      }),
      { numRuns: 1000 },
    );
  }, 60_000);
});

describe('the newest results', () => {
  it('are told oldest first, each by what it was', () => {
    const window = new ResultWindow({ requests: 10, durationMs: 1000 });
    expect(window.recent(5)).toBe('');
    window.record(false, false, 0);
    window.record(false, true, 0);
    window.record(true, false, 0);
    window.record(true, true, 0);
    expect(window.recent(5)).toBe('.sxx');
    expect(window.recent(2)).toBe('xx');
    expect(window.recent(0)).toBe('');
  });

  it('are right where the ring has turned', () => {
    const window = new ResultWindow({ requests: 3, durationMs: 1000 });
    for (const failed of [true, true, false, true, false]) window.record(failed, false, 0);
    expect(window.recent(10)).toBe('.x.');
  });

  it('agree with the counts, whatever came', () => {
    const result = fc.record({ failed: fc.boolean(), slow: fc.boolean(), afterMs: fc.nat(40) });
    fc.assert(
      fc.property(fc.array(result), fc.integer({ min: 1, max: 30 }), (results, requests) => {
        const window = new ResultWindow({ requests, durationMs: 100 });
        let now = 0;
        for (const { failed, slow, afterMs } of results) {
          now += afterMs;
          window.record(failed, slow, now);
        }
        const text = window.recent(1000);
        expect(text).toHaveLength(window.requests);
        expect([...text].filter((each) => each === 'x')).toHaveLength(window.failures);
      }),
    );
  });
});
