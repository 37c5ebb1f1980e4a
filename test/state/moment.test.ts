import { describe, expect, it } from 'vitest';
import { currentMoment, elapsedMs } from '../../src/state/moment.js';
import { MOMENT } from './support.js';

const HOUR = 3_600_000;

describe('the time between saving and loading', () => {
  it.each([
    ['the wall clock was left alone', 7000],
    ['the wall clock was set back an hour', 7000 - HOUR],
    ['the wall clock was set ahead an hour', 7000 + HOUR],
  ])('is that of the machine where it did not reboot and %s', (_, wallMs) => {
    const now = { ...MOMENT, bootMs: MOMENT.bootMs + 7000, wallMs: MOMENT.wallMs + wallMs };
    expect(elapsedMs(MOMENT, now)).toBe(7000);
  });

  it.each([
    ['the machine rebooted', 'another-boot', 100],
    ['the machine does not say whether it rebooted', null, MOMENT.bootMs + 1],
    ['its clock says nonsense', MOMENT.bootId, MOMENT.bootMs - 1],
  ])('is that of the wall clock where %s', (_, bootId, bootMs) => {
    expect(elapsedMs(MOMENT, { wallMs: MOMENT.wallMs + 7000, bootMs, bootId })).toBe(7000);
  });

  it('is none where only the wall clock can tell and it was set back: what was open still is', () => {
    expect(elapsedMs(MOMENT, { wallMs: MOMENT.wallMs - HOUR, bootMs: 100, bootId: 'another-boot' })).toBe(0);
  });

  it('is not taken for the same boot where neither knows its boot', () => {
    const saved = { ...MOMENT, bootId: null };
    const now = { wallMs: MOMENT.wallMs + 5, bootMs: MOMENT.bootMs + 7000, bootId: null };
    expect(elapsedMs(saved, now)).toBe(5);
  });

  it('grows with the clock of now', () => {
    const [first, second] = [currentMoment(), currentMoment()];
    expect(elapsedMs(first, second)).toBeGreaterThanOrEqual(0);
    expect(elapsedMs(first, second)).toBeLessThan(60_000);
    expect(Math.abs(first.wallMs - Date.now())).toBeLessThan(60_000);
  });
});
