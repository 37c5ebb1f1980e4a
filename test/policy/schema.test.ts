// Every field with values on both sides of its limits, in the defaults and again in an override: the two schemas
// are derived from each other, and this is what holds them together.

import { describe, expect, it } from 'vitest';
import { problemsOf } from './support.js';

interface Limits {
  readonly field: string;
  readonly good: readonly unknown[];
  readonly bad: readonly unknown[];
}

const MODES = { good: ['enforce', 'shadow', 'off'], bad: ['on', 'Enforce', '', true, 1] };
const STATUSES = { good: [[], [100], [599], [503, 503]], bad: [503, [99], [600], ['503'], [502.5], [null], {}] };
const FLAG = { good: [true, false], bad: ['true', 0, 1, 'yes', []] };
const SHARE = { good: [0, 0.5, 1], bad: [-0.01, 1.01, '0.5', true, []] };
const POSITIVE_SHARE = { good: [0.001, 1], bad: [0, -1, 1.01, 95, '50%'] };
const DELAY = { good: ['1ms', '200ms'], bad: ['0s', 0, '61m', 5, '', '-1s', [], {}] };

/** No good value is in disorder with the default of a field that it is compared with. */
const LIMITS: readonly Limits[] = [
  { field: 'circuit.mode', ...MODES },
  { field: 'circuit.window.requests', good: [10, 100, 10_000], bad: [0, 10_001, 1.5, '100', -1] },
  { field: 'circuit.window.duration', good: ['1ms', '60s', '24h'], bad: ['0s', 0, '25h', 60, 'one minute'] },
  { field: 'circuit.failureRatio', ...POSITIVE_SHARE },
  { field: 'circuit.minimumRequests', good: [1, 100], bad: [0, 10_001, 2.5, '4'] },
  { field: 'circuit.consecutiveFailures', good: [0, 1, 10_000], bad: [-1, 10_001, 0.5, 'off'] },
  { field: 'circuit.failureStatuses', ...STATUSES },
  {
    field: 'circuit.failureGrpcStatuses',
    good: [[], [1], [16], ['UNAVAILABLE', 14], ['CANCELLED', 'UNAUTHENTICATED']],
    bad: [14, 'UNAVAILABLE', [0], [17], ['OK'], ['unavailable'], [1.5]],
  },
  { field: 'circuit.slow.after', good: [0, '0s', '1h'], bad: [1, '61m', '-1s'] },
  { field: 'circuit.slow.ratio', ...POSITIVE_SHARE },
  { field: 'circuit.open.base', good: ['1ms', '5m'], bad: ['0s', '25h', 5] },
  { field: 'circuit.open.max', good: ['5s', '24h'], bad: ['0s', '25h', 300] },
  { field: 'circuit.open.jitter', ...SHARE },
  { field: 'circuit.halfOpen.probes', good: [1, 1_000], bad: [0, 1_001, 1.5] },
  { field: 'circuit.halfOpen.successes', good: [1, 1_000], bad: [0, 1_001, 1.5] },
  { field: 'circuit.halfOpen.lease', good: ['1ms', '1h'], bad: ['0s', '61m', 30] },
  { field: 'circuit.ramp', good: [0, '0s', '1h'], bad: ['61m', 10, '-1s'] },
  { field: 'retry.mode', ...MODES },
  { field: 'retry.maxRetries', good: [-1_000, -1, 0, 1, 1_000], bad: [1.5, 1_001, '1', null] },
  {
    field: 'retry.on',
    good: [[], ['connect-failure'], ['5xx', 'gateway-error', 'retriable-4xx', 'reset'], ['cancelled', 'unavailable']],
    bad: ['5xx', ['5XX'], ['retriable-status-codes'], [503], [['5xx']]],
  },
  { field: 'retry.statuses', ...STATUSES },
  { field: 'retry.nonIdempotent', ...FLAG },
  { field: 'retry.perTryTimeout', good: [0, '0s', '1ms', '24h'], bad: [1, '25h', '-1s'] },
  { field: 'retry.judge', ...FLAG },
  { field: 'retry.backoff.base', ...DELAY },
  { field: 'retry.backoff.max', good: ['25ms', '1h'], bad: ['0s', '61m', 250] },
  { field: 'retry.backoff.jitter', good: ['full', 'none'], bad: ['half', true, 0.5] },
  {
    field: 'retry.backoff.byStatus',
    good: [{}, { 429: { base: '1s', max: '1s' } }, { 100: { base: '1ms', max: '1h' } }],
    bad: [
      [],
      { 99: { base: '1s', max: '2s' } },
      { 600: { base: '1s', max: '2s' } },
      { 429: { base: '1s' } },
      { 429: '1s' },
      429,
    ],
  },
  { field: 'retry.honour.retryAfter', ...FLAG },
  { field: 'retry.honour.max', good: [0, '0s', '1h'], bad: [5, '61m'] },
  { field: 'retry.budget.ratio', ...SHARE },
  { field: 'retry.budget.minPerSecond', good: [0, 0.5, 100_000], bad: [-1, 100_001, '10', '10/s'] },
  { field: 'retry.budget.window', good: ['100ms', '1h'], bad: ['99ms', '61m', 10] },
  { field: 'fallback', good: [[], ['a'], ['a', 'outbound|80||b']], bad: ['a', [''], ['a*'], [1], ['a\nb']] },
];

function nested(field: string, value: unknown): Record<string, unknown> {
  return field.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Record<string, unknown>;
}

const rows = (kind: 'good' | 'bad') =>
  LIMITS.flatMap((limits) =>
    limits[kind].map((value) => ({ field: limits.field, value, text: JSON.stringify(value) })),
  );

describe('a field', () => {
  it.each(rows('good'))('$field takes $text', ({ field, value }) => {
    expect(problemsOf(JSON.stringify({ defaults: nested(field, value) }))).toEqual([]);
    expect(problemsOf(JSON.stringify({ clusters: { c: nested(field, value) } }))).toEqual([]);
  });

  it.each(rows('bad'))('$field refuses $text, and says so at its own path', ({ field, value }) => {
    for (const file of [{ defaults: nested(field, value) }, { clusters: { c: nested(field, value) } }]) {
      const section = 'defaults' in file ? 'defaults' : 'clusters.c';
      const problems = problemsOf(JSON.stringify(file));
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain(` ${section}.${field}`);
    }
  });

  it('of a route is one of a cluster, save circuit and budget', () => {
    for (const { field, good } of LIMITS) {
      const misplaced = field.startsWith('circuit.') || field.startsWith('retry.budget.');
      const problems = problemsOf(JSON.stringify({ routes: { r: nested(field, good[0]) } }));
      expect(problems.length, field).toBe(misplaced ? 1 : 0);
      if (misplaced) expect(problems[0]).toMatch(/belongs to a cluster, since .*; set it under clusters/);
    }
  });

  it('of a target is one of circuit or retry', () => {
    for (const { field, good } of LIMITS) {
      const targets = { t: nested(field, good[0]) };
      const file = { clusters: { c: { key: { header: 'x-model' }, targets } } };
      expect(problemsOf(JSON.stringify(file)).length, field).toBe(field === 'fallback' ? 1 : 0);
    }
  });
});

describe('names', () => {
  it.each(['a', 'outbound|443||a.b', '*', 'a b', 'ä', 'x'.repeat(512)])('may be %j', (name) => {
    expect(problemsOf(JSON.stringify({ clusters: { [name]: {} }, routes: { [name]: {} } }))).toEqual([]);
  });

  it.each(['', 'a\nb', 'a\u0000', '\u007f', 'x'.repeat(513)])('may not be %j', (name) => {
    expect(problemsOf(JSON.stringify({ clusters: { [name]: {} } }))).toHaveLength(1);
    expect(problemsOf(JSON.stringify({ routes: { [name]: {} } }))).toHaveLength(1);
  });

  it.each(['x-model', 'X-Model', 'x_model', "!#$%&'*+.^`|~"])('of a header may be %s', (header) => {
    expect(problemsOf(JSON.stringify({ defaults: { key: { header } } }))).toEqual([]);
  });

  it.each(['', ':path', 'x model', 'x:model', 'ä', 'x'.repeat(129), 5])('of a header may not be %j', (header) => {
    expect(problemsOf(JSON.stringify({ defaults: { key: { header } } }))).toHaveLength(1);
  });

  it.each([1, 256, 100_000])('of targets may be kept in numbers of %d', (max) => {
    expect(problemsOf(JSON.stringify({ defaults: { key: { header: 'x', max } } }))).toEqual([]);
  });

  it.each([0, 100_001, 1.5, '256'])('of targets may not be kept in numbers of %j', (max) => {
    expect(problemsOf(JSON.stringify({ defaults: { key: { header: 'x', max } } }))).toHaveLength(1);
  });
});

describe('ceilings', () => {
  it.each([{}, { maxRetries: 0 }, { maxRetries: 50 }, { perTryTimeout: '1ms' }, { perTryTimeout: '24h' }])(
    'may be %j',
    (ceilings) => {
      expect(problemsOf(JSON.stringify({ ceilings }))).toEqual([]);
    },
  );

  it.each([{ maxRetries: -1 }, { maxRetries: 51 }, { perTryTimeout: '0s' }, { perTryTimeout: 30 }, { retries: 1 }, []])(
    'may not be %j',
    (ceilings) => {
      expect(problemsOf(JSON.stringify({ ceilings }))).toHaveLength(1);
    },
  );
});
