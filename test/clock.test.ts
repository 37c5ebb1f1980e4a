import { afterEach, describe, expect, it, vi } from 'vitest';
import { monotonicNow, toIso } from '../src/clock.js';

afterEach(() => vi.restoreAllMocks());

describe('toIso', () => {
  it('gives the wall clock time of an instant', () => {
    const apart = Date.parse(toIso(monotonicNow())) - Date.now();
    // The process may lose the processor between the two.
    expect(Math.abs(apart)).toBeLessThan(1_000);
  });

  it('gives the same text for the same instant whenever it is asked', () => {
    const instant = monotonicNow();
    const texts = new Set<string>();
    const untilMs = instant + 20;
    while (monotonicNow() < untilMs) texts.add(toIso(instant));
    expect(texts.size).toBe(1);
  });

  it('is not misled by a process that stood still between the looks at its two clocks', () => {
    const instant = monotonicNow();
    const before = toIso(instant);
    const real = Date.now;
    vi.spyOn(Date, 'now').mockImplementation(() => {
      const stop = performance.now() + 20;
      while (performance.now() < stop);
      return real();
    });
    expect(toIso(instant)).toBe(before);
  });

  it('follows a wall clock that is set', () => {
    const instant = monotonicNow();
    const before = Date.parse(toIso(instant));
    const real = Date.now;
    vi.spyOn(Date, 'now').mockImplementation(() => real() + 3_600_000);
    // At one of a few calls: the process may stand still at any.
    for (let call = 0; call < 10; call++) toIso(instant);
    expect(Date.parse(toIso(instant)) - before).toBeGreaterThan(3_590_000);
  });
});
