import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryAfterMs, wishOf } from '../../../src/core/retry/wish.js';
import { headersOf } from '../../support/fake-headers.js';

const NOW = Date.parse('Thu, 01 Jan 2026 00:00:00 GMT');
const wish = (headers: Record<string, string>) => wishOf(headersOf(headers), NOW);

describe('a server that wishes for time', () => {
  it.each([
    ['retry-after', '2', 2000],
    ['retry-after', ' 2 ', 2000],
    ['retry-after', '0', 0],
    ['retry-after', 'Thu, 01 Jan 2026 00:00:05 GMT', 5000],
    ['retry-after-ms', '350', 350],
    ['grpc-retry-pushback-ms', '350', 350],
    ['grpc-retry-pushback-ms', '0', 0],
  ])('%s: %s is %i ms', (name, value, waitMs) => {
    expect(wish({ [name]: value })).toEqual({ waitMs, retry: null });
  });

  it('gets the finer unit where it gives both', () => {
    expect(wish({ 'retry-after': '2', 'retry-after-ms': '350' }).waitMs).toBe(350);
  });

  it('gets the coarser one where the finer is malformed', () => {
    expect(wish({ 'retry-after': '2', 'retry-after-ms': 'soon' }).waitMs).toBe(2000);
  });
});

describe('a malformed wish is none', () => {
  it.each(['', '-1', '1.5', '2s', 'soon', '0x10', '1e3', '9999999999', '2026-01-01', 'Thu, 01 Jan 2026 00:00:05 UTC'])(
    'retry-after: %s',
    (value) => {
      expect(retryAfterMs(value, NOW)).toBe(0);
    },
  );

  it('and a date that is over is none either', () => {
    expect(retryAfterMs('Wed, 31 Dec 2025 23:59:59 GMT', NOW)).toBe(0);
  });
});

describe('a server that says whether to retry', () => {
  it.each([
    ['x-should-retry', 'true', true],
    ['x-should-retry', 'false', false],
    ['x-should-retry', 'maybe', null],
    ['grpc-retry-pushback-ms', '-1', false],
    ['grpc-retry-pushback-ms', 'never', false],
  ])('%s: %s', (name, value, retry) => {
    expect(wish({ [name]: value }).retry).toBe(retry);
  });
});

it('never wishes for a negative, endless or undefined time, whatever the headers say', () => {
  const value = fc.oneof(
    fc.string(),
    fc.integer().map(String),
    fc.date().map((date) => (Number.isNaN(date.getTime()) ? '' : date.toUTCString())),
  );
  const names = fc.constantFrom('retry-after', 'retry-after-ms', 'grpc-retry-pushback-ms', 'x-should-retry');
  fc.assert(
    fc.property(fc.dictionary(names, value), (headers) => {
      const { waitMs } = wish(headers);
      expect(waitMs).toBeGreaterThanOrEqual(0);
      expect(waitMs).toBeLessThan(1e9);
    }),
  );
});
