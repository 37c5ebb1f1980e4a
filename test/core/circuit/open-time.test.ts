import { describe, expect, it } from 'vitest';
import { OpenTime, openTimeMs } from '../../../src/core/circuit/open-time.js';
import { Bench, FAIL, failAskingFor, OK, OVERLOADED } from './support.js';

const OPEN = { baseMs: 1000, maxMs: 8000, jitter: 0 };
const half = (): number => 0.5;
const almostOne = (): number => 1 - 2 ** -53;

describe('the open time', () => {
  it.each([
    [0, 1000],
    [1, 2000],
    [2, 4000],
    [3, 8000],
    [4, 8000],
    [63, 8000],
    [2000, 8000],
  ])('at level %i is %i ms', (level, expected) => {
    expect(openTimeMs(OPEN, level, half)).toBe(expected);
  });

  it('adds the share that jitter allows, by chance', () => {
    expect(openTimeMs({ ...OPEN, jitter: 0.5 }, 1, () => 0)).toBe(2000);
    expect(openTimeMs({ ...OPEN, jitter: 0.5 }, 1, half)).toBe(2500);
    expect(openTimeMs({ ...OPEN, jitter: 0.5 }, 1, almostOne)).toBe(3000);
  });

  it('spreads below the maximum where jitter would go past it', () => {
    const policy = { baseMs: 1000, maxMs: 9000, jitter: 0.5 };
    expect(openTimeMs(policy, 10, () => 0)).toBe(6000);
    expect(openTimeMs(policy, 10, half)).toBe(7500);
    expect(openTimeMs(policy, 10, almostOne)).toBe(9000);
  });

  it('never falls below the base for the sake of jitter', () => {
    for (const chance of [0, 0.3, 0.999]) {
      expect(openTimeMs({ baseMs: 1000, maxMs: 1000, jitter: 1 }, 5, () => chance)).toBe(1000);
      expect(openTimeMs({ baseMs: 1000, maxMs: 1200, jitter: 1 }, 5, () => chance)).toBeGreaterThanOrEqual(1000);
      expect(openTimeMs({ baseMs: 1000, maxMs: 1200, jitter: 1 }, 5, () => chance)).toBeLessThanOrEqual(1200);
    }
  });

  it('is the maximum where the base is above it', () => {
    expect(openTimeMs({ baseMs: 5000, maxMs: 1000, jitter: 0.5 }, 0, half)).toBe(1000);
  });

  it('is a whole number of milliseconds', () => {
    expect(openTimeMs({ baseMs: 1000, maxMs: 8000, jitter: 0.1 }, 0, () => 1 / 3)).toBe(1034);
  });
});

describe('growth', () => {
  it('doubles with each probe that fails', () => {
    const bench = new Bench({ open: OPEN }).open();
    const times = [bench.opensForMs];
    for (let i = 0; i < 4; i++) times.push(bench.waitOpen().run(FAIL).opensForMs);
    expect(times).toEqual([1000, 2000, 4000, 8000, 8000]);
  });

  it('doubles when a circuit that has just closed opens again', () => {
    const bench = new Bench({ open: OPEN }).open().waitOpen().run(OK).wait(999).open();
    expect(bench.opensForMs).toBe(2000);
  });

  it('falls back by one for each last open time spent closed', () => {
    const bench = new Bench({ open: OPEN }).open();
    for (let i = 0; i < 2; i++) bench.waitOpen().run(FAIL);
    expect(bench.opensForMs).toBe(4000);
    bench.waitOpen().run(OK).wait(4000).open();
    expect(bench.opensForMs).toBe(2000);
    bench.waitOpen().run(OK).wait(4000).open();
    expect(bench.opensForMs).toBe(1000);
  });

  it('starts over after long health', () => {
    const bench = new Bench({ open: OPEN }).open();
    for (let i = 0; i < 3; i++) bench.waitOpen().run(FAIL);
    expect(bench.waitOpen().run(OK).wait(60_000).open().opensForMs).toBe(1000);
  });

  it('does not climb beyond the maximum, where only forgiveness would get longer', () => {
    const time = new OpenTime();
    time.begin(OPEN, false, 0, 0, half);
    for (let i = 0; i < 1000; i++) time.begin(OPEN, true, 0, 0, half);
    expect(time.level).toBe(3);
  });

  it('needs no history: the first opening takes the base', () => {
    const time = new OpenTime();
    time.closed(0);
    expect(time.begin(OPEN, false, 0, 1, half)).toBe(1000);
    expect(time.level).toBe(0);
  });

  it('forgets everything when reset', () => {
    const time = new OpenTime();
    for (let i = 0; i < 3; i++) time.begin(OPEN, true, 0, 0, half);
    time.reset();
    expect(time.begin(OPEN, false, 0, 0, half)).toBe(1000);
  });

  it.each([
    [999, 2000],
    [1000, 1000],
  ])('counts health from the end of the ramp, seen or not: %i ms after it', (healthyMs, expected) => {
    const bench = new Bench({ open: OPEN, rampMs: 5000 }).open().waitOpen().run(OK); // recovering
    expect(bench.wait(5000 + healthyMs).open().opensForMs).toBe(expected);
  });
});

describe("a server's own wish", () => {
  it('lengthens the time when the failure that opens the circuit carries it', () => {
    expect(new Bench().run(FAIL, FAIL, FAIL, failAskingFor(30_000)).opensForMs).toBe(30_000);
  });

  it('never shortens it', () => {
    expect(new Bench().run(FAIL, FAIL, FAIL, failAskingFor(10)).opensForMs).toBe(1000);
  });

  it.each([1e9, Number.MAX_VALUE, Number.POSITIVE_INFINITY])('never lengthens it past the maximum: %d', (wish) => {
    expect(new Bench().run(FAIL, FAIL, FAIL, failAskingFor(wish)).opensForMs).toBe(60_000);
  });

  it.each([-5, Number.NaN, Number.NEGATIVE_INFINITY])('is not heard where it makes no sense: %d', (wish) => {
    expect(new Bench().run(FAIL, FAIL, FAIL, failAskingFor(wish)).opensForMs).toBe(1000);
    const bench = new Bench().open().waitOpen();
    expect(bench.run(failAskingFor(wish)).opensForMs).toBe(2000);
  });

  it('is remembered from an earlier failure, up to the moment it named', () => {
    const bench = new Bench()
      .run(FAIL, FAIL, { ...OVERLOADED, retryAfterMs: 20_000 })
      .wait(5000)
      .run(FAIL);
    expect(bench.opensForMs).toBe(15_000);
  });

  it('is forgotten once the server answers well again', () => {
    const bench = new Bench().run(FAIL, failAskingFor(20_000), OK, FAIL);
    expect(bench.opensForMs).toBe(1000);
  });

  it('is heard from a failing probe', () => {
    const bench = new Bench().open().waitOpen().run(failAskingFor(45_000));
    expect(bench.opensForMs).toBe(45_000);
  });

  it('makes the health asked for longer too: it is the last open time', () => {
    const bench = new Bench().run(FAIL, FAIL, FAIL, failAskingFor(30_000)).waitOpen().run(OK).wait(29_999).open();
    expect(bench.opensForMs).toBe(2000);
  });
});
