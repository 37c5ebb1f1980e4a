import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RequestRecord } from '../../src/core/record.js';
import { Records } from '../../src/observe/records.js';
import { aFailure, anAttempt, aRecord } from './support.js';

const ids = (records: readonly RequestRecord[]): string[] => records.map(({ id }) => id);

/** Decided and over, without a sign of trouble. */
function healthy(records: Records, id: string, startedAtMs: number): RequestRecord {
  const record = aRecord({ id, startedAtMs });
  records.decided(record);
  settle(records, record, anAttempt());
  record.result = 'success';
  record.endedAtMs = startedAtMs + 1;
  records.finished(record);
  return record;
}

function settle(records: Records, record: RequestRecord, attempt: RequestRecord['attempts'][number]): void {
  record.attempts.push(attempt);
  records.attemptSettled(record, attempt);
}

describe('what is kept', () => {
  it('can be seen while it is pending, and changes as the request goes on', () => {
    const records = new Records();
    const record = aRecord({ id: 'a' });
    records.decided(record);
    expect(records.list()[0]?.result).toBe('pending');
    record.result = 'success';
    expect(records.get('a')?.result).toBe('success');
  });

  it('is 200 of the healthy by default, the newest', () => {
    const records = new Records();
    for (let n = 0; n < 1000; n++) healthy(records, `h${n}`, n);
    expect(records.size).toBe(200);
    const kept = ids(records.list({ limit: 500 }));
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([200, 'h999', 'h800']);
  });

  it('is 1,000 of the notable by default, however many healthy ones follow', () => {
    const records = new Records();
    for (let n = 0; n < 1500; n++) records.decided(aRecord({ id: `n${n}`, decision: 'short_circuit', startedAtMs: n }));
    for (let n = 0; n < 5000; n++) healthy(records, `h${n}`, 2000 + n);
    expect(records.size).toBe(1200);
    expect([records.get('n499')?.id, records.get('n500')?.id]).toEqual([undefined, 'n500']);
  });

  it('needs room for at least one of each', () => {
    expect(() => new Records({ notable: 0 })).toThrow('records: notable is 0; give a whole number of at least 1');
    expect(() => new Records({ recent: 1.5 })).toThrow('records: recent is 1.5; give a whole number of at least 1');
  });
});

describe('the first sign that moves a request to the notable', () => {
  const signs: readonly (readonly [string, (records: Records, record: RequestRecord) => void])[] = [
    ['a reroute', () => {}],
    ['an answer of the gate', (records, record) => records.answered(record)],
    ['a failed attempt', (records, record) => settle(records, record, aFailure())],
    [
      'a second attempt',
      (records, record) => {
        settle(records, record, anAttempt({ outcome: 'ignored' }));
        settle(records, record, anAttempt({ attempt: 2 }));
      },
    ],
    [
      'a bad end',
      (records, record) => {
        record.result = 'failure';
        records.finished(record);
      },
    ],
    [
      'an end with the reason of a refusal',
      (records, record) => {
        record.reason = 'deadline';
        records.finished(record);
      },
    ],
  ];

  it.each(signs)('is %s: it outlives the healthy ones after it', (name, sign) => {
    const records = new Records({ recent: 3 });
    const record = aRecord({ id: 'x', decision: name === 'a reroute' ? 'reroute' : 'admit' });
    records.decided(record);
    sign(records, record);
    for (let n = 0; n < 10; n++) healthy(records, `h${n}`, n + 1);
    expect(records.get('x')).toBe(record);
    expect(records.size).toBe(4);
  });

  it.each(signs.slice(1))('is %s, also where the request has fallen out of the recent before', (_name, sign) => {
    const records = new Records({ recent: 3 });
    const record = aRecord({ id: 'x' });
    records.decided(record);
    for (let n = 0; n < 10; n++) healthy(records, `h${n}`, n + 1);
    expect(records.get('x')).toBeUndefined();
    sign(records, record);
    expect(records.get('x')).toBe(record);
  });

  it('counts once: more signs do not make more of it', () => {
    const records = new Records();
    const record = aRecord({ decision: 'reroute' });
    records.decided(record);
    settle(records, record, aFailure());
    settle(records, record, aFailure({ attempt: 2 }));
    records.answered(record);
    record.result = 'refused';
    records.finished(record);
    expect([records.size, records.list().length]).toEqual([1, 1]);
  });

  it('is neither a success nor a client that went away', () => {
    const records = new Records({ notable: 1, recent: 1 });
    healthy(records, 'a', 1);
    const cancelled = aRecord({ id: 'b' });
    records.decided(cancelled);
    cancelled.result = 'cancelled';
    records.finished(cancelled);
    expect(ids(records.list())).toEqual(['b']);
  });

  it('frees the place among the recent', () => {
    const records = new Records({ recent: 2 });
    const troubled = aRecord({ id: 't' });
    healthy(records, 'a', 1);
    records.decided(troubled);
    settle(records, troubled, aFailure());
    healthy(records, 'b', 2);
    expect(ids(records.list({ limit: 9 })).sort()).toEqual(['a', 'b', 't']);
  });
});

describe('falling out while pending', () => {
  it('is told of the notable only: the recent are a sample', () => {
    let dropped = 0;
    const records = new Records({ notable: 1, recent: 1, onDropped: () => dropped++ });
    records.decided(aRecord());
    records.decided(aRecord());
    expect(dropped).toBe(0);
    records.decided(aRecord({ decision: 'reroute' }));
    records.decided(aRecord({ decision: 'reroute', endedAtMs: 5 }));
    expect(dropped).toBe(1);
    records.decided(aRecord({ decision: 'reroute' }));
    expect(dropped).toBe(1);
  });
});

describe('the list', () => {
  it('is newest first by admission, whichever of the two a request is in and whenever it moved', () => {
    const records = new Records();
    const old = aRecord({ id: 'old', startedAtMs: 1 });
    records.decided(old);
    healthy(records, 'mid', 2);
    records.decided(aRecord({ id: 'new', decision: 'short_circuit', startedAtMs: 3 }));
    settle(records, old, aFailure());
    expect(ids(records.list())).toEqual(['new', 'mid', 'old']);
  });

  it('has the later of two that were admitted in the same instant first', () => {
    const records = new Records();
    for (const id of ['a', 'b', 'c']) healthy(records, id, 7);
    expect(ids(records.list())).toEqual(['c', 'b', 'a']);
  });

  it('has at most 100 by default, and as many as asked for', () => {
    const records = new Records();
    for (let n = 0; n < 150; n++) healthy(records, `h${n}`, n);
    expect(records.list()).toHaveLength(100);
    expect(ids(records.list({ limit: 2 }))).toEqual(['h149', 'h148']);
  });

  it('filters by result', () => {
    const records = new Records();
    healthy(records, 'a', 1);
    records.decided(aRecord({ id: 'b', result: 'failure' }));
    expect(ids(records.list({ result: 'failure' }))).toEqual(['b']);
  });

  it('filters by cluster: the routed one, or that of an attempt that is settled', () => {
    const records = new Records();
    records.decided(aRecord({ id: 'routed', cluster: 'blue', startedAtMs: 3 }));
    records.decided(aRecord({ id: 'tried', attempts: [aFailure({ cluster: 'blue' })], startedAtMs: 2 }));
    records.decided(aRecord({ id: 'planned', attempts: [anAttempt({ cluster: 'blue', settled: false })] }));
    expect(ids(records.list({ cluster: 'blue' }))).toEqual(['routed', 'tried']);
  });

  it('finds an odd cluster by its name and by the form that is shown', () => {
    const records = new Records();
    records.decided(aRecord({ id: 'odd', cluster: 'a\nb' }));
    expect(ids(records.list({ cluster: 'a\nb' }))).toEqual(['odd']);
    expect(ids(records.list({ cluster: 'a\\u{a}b' }))).toEqual(['odd']);
  });

  it('filters by reason: of an answer, of no retry, or the error of an attempt', () => {
    const records = new Records();
    records.decided(aRecord({ id: 'answered', reason: 'circuit_open', startedAtMs: 3 }));
    records.decided(aRecord({ id: 'not-retried', notRetried: 'circuit_open', startedAtMs: 2 }));
    records.decided(aRecord({ id: 'error', attempts: [aFailure()], startedAtMs: 1 }));
    expect(ids(records.list({ reason: 'circuit_open' }))).toEqual(['answered', 'not-retried']);
    expect(ids(records.list({ reason: 'connection_refused' }))).toEqual(['error']);
  });

  it('asks for all filters at once', () => {
    const records = new Records();
    records.decided(aRecord({ id: 'a', cluster: 'x', result: 'failure', reason: 'deadline' }));
    records.decided(aRecord({ id: 'b', cluster: 'x', result: 'refused', reason: 'deadline' }));
    expect(ids(records.list({ cluster: 'x', result: 'refused', reason: 'deadline' }))).toEqual(['b']);
  });
});

describe('under load', () => {
  it('stays within its bounds, in order and without doubles, in any interleaving of events', () => {
    const step = fc.record({
      kind: fc.constantFrom('decide', 'reroute', 'fail', 'succeed', 'answer', 'finish', 'finishBadly'),
      pick: fc.nat({ max: 30 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const records = new Records({ notable: 7, recent: 4 });
        const open: RequestRecord[] = [];
        steps.forEach(({ kind, pick }, time) => {
          if (kind === 'decide' || kind === 'reroute') {
            const record = aRecord({ startedAtMs: time, decision: kind === 'decide' ? 'admit' : 'reroute' });
            open.unshift(record);
            records.decided(record);
          }
          const record = open[pick];
          if (record !== undefined) apply(records, record, kind);
          const listed = records.list({ limit: 99 });
          expect(listed.length).toBe(records.size);
          expect(new Set(listed).size).toBe(listed.length);
          expect(records.size).toBeLessThanOrEqual(11);
          const times = listed.map(({ startedAtMs }) => startedAtMs);
          expect(times).toEqual([...times].sort((a, b) => b - a));
        });
      }),
      { numRuns: 200 },
    );
  });

  it('takes the same time for a request whatever it holds', () => {
    const costOf = (records: Records) => {
      const start = process.cpuUsage();
      for (let n = 0; n < 50_000; n++) {
        const record = aRecord({ startedAtMs: n });
        records.decided(record);
        settle(records, record, aFailure());
        records.finished(record);
      }
      return process.cpuUsage(start).user;
    };
    costOf(new Records());
    const small = costOf(new Records({ notable: 10, recent: 10 }));
    const large = costOf(new Records({ notable: 20_000, recent: 20_000 }));
    // A search through what is held would make this some hundred times as much.
    expect(large).toBeLessThan(small * 20 + 200_000);
  });
});

function apply(records: Records, record: RequestRecord, kind: string): void {
  const attempt = record.attempts.length + 1;
  if (kind === 'fail') settle(records, record, aFailure({ attempt }));
  if (kind === 'succeed') settle(records, record, anAttempt({ attempt }));
  if (kind === 'answer') records.answered(record);
  if (kind === 'finish') records.finished(record);
  if (kind === 'finishBadly') {
    record.result = 'failure';
    records.finished(record);
  }
}
