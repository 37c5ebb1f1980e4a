import { afterEach, describe, expect, it, vi } from 'vitest';
import { clockSteps, monotonicNow, stalls, toIso } from '../src/clock.js';

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

describe('clockSteps', () => {
  let now = 0;
  let wall = 1_000_000;
  const pass = (ms: number, set = 0) => {
    now += ms;
    wall += ms + set;
  };

  it('tells once of a clock that was set, back or forth, by more than a second', () => {
    const stepped = clockSteps(
      () => now,
      () => wall,
    );
    pass(250);
    expect(stepped()).toBe(false);
    pass(250, -3_600_000);
    expect([stepped(), stepped()]).toEqual([true, false]);
    pass(250, 1_001);
    expect([stepped(), stepped()]).toEqual([true, false]);
    pass(250, -1_000);
    expect(stepped()).toBe(false);
  });

  it('says nothing of a clock that is slewed, however far it gets in time', () => {
    const stepped = clockSteps(
      () => now,
      () => wall,
    );
    for (let count = 0; count < 100; count += 1) {
      pass(250, 100);
      expect(stepped()).toBe(false);
    }
  });

  it('says nothing of a process that stood still: both clocks went on', () => {
    const stepped = clockSteps(
      () => now,
      () => wall,
    );
    pass(60_000);
    expect(stepped()).toBe(false);
  });
});

describe('stalls', () => {
  it('tells of a call that came too late, and of no other', () => {
    let now = 0;
    const stalled = stalls(250, 500, () => now);
    const cameAfter = (ms: number) => {
      now += ms;
      return stalled();
    };
    expect([250, 750, 751, 250, 60_000, 0].map(cameAfter)).toEqual([...[false, false, true, false, true, false]]);
  });
});
