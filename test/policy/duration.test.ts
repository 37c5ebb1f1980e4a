import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationMs, formatDuration, parseDuration } from '../../src/policy/duration.js';

describe('a duration', () => {
  it.each([
    ['500ms', 500],
    ['60s', 60_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['0s', 0],
    ['0ms', 0],
    ['0', 0],
    [0, 0],
    ['1.5s', 1_500],
    ['0.25m', 15_000],
    ['1.1s', 1_100],
    ['007s', 7_000],
    ['2.001s', 2_001],
  ])('reads %s as %d ms', (text, ms) => {
    expect(parseDuration(text)).toEqual({ ok: true, ms });
  });

  it.each([
    [5, 'is 5, a number without a unit; add one: 5ms, 5s, 5m or 5h'],
    [0.5, 'is 0.5, a number without a unit; add one: 0.5ms, 0.5s, 0.5m or 0.5h'],
    [-1, 'is -1, a number without a unit; add one: -1ms, -1s, -1m or -1h'],
    ['25', 'is 25, a number without a unit; add one: 25ms, 25s, 25m or 25h'],
    ['-5s', 'is "-5s", below zero; write 0s or more'],
    ['0.1ms', 'is "0.1ms", finer than a millisecond; write a whole number of ms'],
  ])('refuses %s and says why', (text, problem) => {
    expect(parseDuration(text)).toEqual({ ok: false, problem });
  });

  it.each([
    '',
    ' 5s',
    '5s ',
    '5 s',
    '5S',
    '5d',
    '1e3s',
    '.5s',
    '5.s',
    '1m30s',
    '+5s',
    'PT5S',
    '5seconds',
    '٥s',
    '5s\n',
  ])('refuses %j', (text) => {
    expect(parseDuration(text)).toMatchObject({ ok: false });
  });

  it.each([null, undefined, true, [], {}, Number.NaN, Number.POSITIVE_INFINITY])('refuses %j', (value) => {
    expect(parseDuration(value)).toMatchObject({ ok: false });
  });

  it('refuses what no timer can count', () => {
    expect(parseDuration('99999999999999999h')).toMatchObject({
      ok: false,
      problem: expect.stringMatching(/too long/),
    });
  });

  it('shows only the beginning of an endless text', () => {
    const result = parseDuration('9'.repeat(10_000));
    expect(result.ok ? '' : result.problem.length).toBeLessThan(400);
  });

  it('throws a RangeError that names the text, where a caller has not validated', () => {
    expect(() => durationMs('soon')).toThrow(RangeError);
    expect(() => durationMs('soon')).toThrow(/"soon".*write one number and a unit/);
  });

  it.each([
    [0, '0s'],
    [250, '250ms'],
    [1_500, '1500ms'],
    [60_000, '1m'],
    [90_000, '90s'],
    [7_200_000, '2h'],
  ])('prints %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('reads back what it printed', () => {
    fc.assert(fc.property(fc.nat(10 ** 12), (ms) => durationMs(formatDuration(ms)) === ms));
  });
});
