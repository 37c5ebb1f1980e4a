import { afterEach, describe, expect, it, vi } from 'vitest';
import { monotonicNow, toIso } from '../src/clock.js';

afterEach(() => vi.restoreAllMocks());

describe('toIso', () => {
  it('gives the wall clock time of an instant', () => {
    const apart = Date.parse(toIso(monotonicNow())) - Date.now();
    expect(Math.abs(apart)).toBeLessThanOrEqual(10);
  });

  it('gives the same text for the same instant whenever it is asked', () => {
    const instant = monotonicNow();
    const texts = new Set<string>();
    const untilMs = instant + 20;
    while (monotonicNow() < untilMs) texts.add(toIso(instant));
    expect(texts.size).toBe(1);
  });

  it('follows a wall clock that is set', () => {
    const instant = monotonicNow();
    const before = Date.parse(toIso(instant));
    const real = Date.now;
    vi.spyOn(Date, 'now').mockImplementation(() => real() + 3_600_000);
    expect(Date.parse(toIso(instant)) - before).toBeGreaterThan(3_590_000);
  });
});
