import { describe, expect, it } from 'vitest';
import { CIRCUIT_STATES, RESULTS } from '../../../src/core/reasons.js';
import * as format from '../../../src/observe/view/format.js';
import { filterQuery, NO_FILTERS, readFilters } from '../../../src/observe/view/query.js';
import * as words from '../../../src/observe/view/words.js';

describe('durations', () => {
  it.each([
    [0, '0 ms'],
    [0.0005, '1 us'],
    [0.85, '850 us'],
    [1, '1 ms'],
    [9.94, '9.9 ms'],
    [10.4, '10 ms'],
    [999, '999 ms'],
    [1000, '1 s'],
    [3449, '3.4 s'],
    [60_000, '1 min 0 s'],
    [125_000, '2 min 5 s'],
  ])('%d ms is %s', (ms, text) => {
    expect(format.duration(ms)).toBe(text);
  });
});

describe('shares', () => {
  it.each([
    [0, '0%'],
    [0.001, '<1%'],
    [0.5, '50%'],
    [0.999, '>99%'],
    [1, '100%'],
  ])('%d is %s', (ratio, text) => {
    expect(format.percent(ratio)).toBe(text);
  });
});

describe('instants', () => {
  const now = Date.parse('2026-01-01T00:00:00.000Z');
  it.each([
    [null, null],
    ['2026-01-01T00:00:00.000Z', null],
    ['2025-12-31T23:00:00.000Z', null],
    ['2026-01-01T00:00:00.001Z', '1 s'],
    ['2026-01-01T00:00:59.000Z', '59 s'],
    ['2026-01-01T00:01:05.000Z', '1 min 5 s'],
    ['2026-01-01T02:03:00.000Z', '2 h 3 min'],
  ])('until %s it is %s', (iso, text) => {
    expect(format.until(iso, now)).toBe(text);
  });

  it('since one it is so many whole seconds, never less than none', () => {
    expect(format.since('2025-12-31T23:59:57.100Z', now)).toBe('2 s');
    expect(format.since('2026-01-01T00:00:05.000Z', now)).toBe('0 s');
  });
});

describe('names and numbers', () => {
  it('name the target where there is one, and forge nothing', () => {
    expect(format.nameOf({ cluster: 'a', target: null })).toBe('a');
    expect(format.nameOf({ cluster: 'a', target: 'b' })).toBe('a / b');
    expect(format.nameOf({ cluster: 'a\u001b[31m', target: '\u202eb' })).toBe('a\\u{1b}[31m / \\u{202e}b');
  });

  it('count the retries that are known of, whatever order they came in', () => {
    const attempts = (...numbers: number[]) => ({ attempts: numbers.map((attempt) => ({ attempt })) as never });
    expect([[], [1], [1, 2], [3]].map((numbers) => format.retriesOf(attempts(...numbers)))).toEqual([0, 0, 1, 2]);
    expect([1, 2].map(format.retriesText)).toEqual(['1 retry', '2 retries']);
  });

  it('have a tone for every state and every result', () => {
    for (const state of CIRCUIT_STATES) expect(format.stateTone(state)).toMatch(/good|bad|change|quiet/);
    for (const result of RESULTS) expect(format.resultTone(result)).toMatch(/good|bad|change|quiet/);
    expect(CIRCUIT_STATES.filter((state) => format.stateTone(state) === 'bad')).toEqual(['open', 'forced_open']);
    expect(Object.keys(words.STATE_NAMES)).toEqual([...CIRCUIT_STATES]);
  });
});

describe('what counts against a circuit', () => {
  const circuit = { requests: 8, failures: 1, failureRatio: 0.125, slowRatio: 0.75 };

  it.each([null, 'failure_ratio', 'consecutive_failures', 'open_time_over', 'operator'] as const)(
    'is its failures where it came to be as it is by %s',
    (reason) => {
      expect(format.against({ ...circuit, reason })).toEqual({ count: 1, ratio: 0.125, what: 'failed' });
    },
  );

  it('is the slow ones where they opened it', () => {
    expect(format.against({ ...circuit, reason: 'slow_ratio' })).toEqual({ count: 6, ratio: 0.75, what: 'slow' });
  });
});

describe('filters', () => {
  it('are the same again after the way through an address', () => {
    const filters = {
      cluster: 'outbound|80||a&b=c',
      target: 'große',
      result: 'failure',
      reason: 'circuit_open',
    } as const;
    expect(readFilters(filterQuery(filters))).toEqual(filters);
    expect(filterQuery(NO_FILTERS)).toBe('');
    expect(readFilters('')).toEqual(NO_FILTERS);
  });

  it('leave out words that nobody knows', () => {
    expect(readFilters('?result=toString&reason=__proto__&cluster=x&more=1')).toEqual({ ...NO_FILTERS, cluster: 'x' });
  });

  it('know the reasons of all three kinds', () => {
    for (const reason of ['forced_open', 'exhausted', 'dns']) {
      expect(readFilters(`?reason=${reason}`).reason).toBe(reason);
    }
  });
});
