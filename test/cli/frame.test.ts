import { describe, expect, it } from 'vitest';
import { frame, type TopView } from '../../src/cli/frame.js';
import { plainText, type Size } from '../../src/cli/spans.js';
import { circuit, iso, request, START } from './fixture.js';

const WIDE: Size = { columns: 160, rows: 40 };

function view(changes: Partial<TopView> = {}): TopView {
  return {
    address: '127.0.0.1:9003',
    version: '1.2.3',
    lost: null,
    circuits: [
      circuit('primary', { state: 'open', retryAt: iso(5000), reason: 'failure_ratio', failureRatio: 1, failures: 4 }),
      circuit('pool', { target: 'm1', mode: 'shadow' }),
    ],
    more: 0,
    requests: [request()],
    nowMs: START + 1000,
    keys: 'q leaves',
    ...changes,
  };
}

function texts(changes: Partial<TopView> = {}, size = WIDE): string[] {
  return frame(view(changes), size).map((line) => plainText(line).trimEnd());
}

describe('a frame', () => {
  it.each([
    WIDE,
    { columns: 80, rows: 24 },
    { columns: 40, rows: 10 },
    { columns: 12, rows: 3 },
    { columns: 80, rows: 1 },
  ])('is never larger than $columns x $rows', (size) => {
    const circuits = Array.from({ length: 50 }, (_, index) => circuit(`cluster-${index}`));
    const requests = Array.from({ length: 100 }, () => request());
    const lines = frame(view({ circuits, requests }), size);
    expect(lines.length).toBeLessThanOrEqual(size.rows);
    for (const line of lines) expect(plainText(line).length).toBeLessThanOrEqual(size.columns);
  });

  it('says of a circuit that was opened for being slow how many were slow', () => {
    const slow = circuit('slow', { state: 'open', reason: 'slow_ratio', requests: 8, failures: 0, slowRatio: 0.75 });
    const line = texts({ circuits: [slow] }).find((text) => text.includes('slow_ratio'));
    expect(line).toContain('75% 6/8 slow');
    expect(line).not.toContain(' 0%');
  });

  it('has no bounds where there are none', () => {
    const circuits = Array.from({ length: 50 }, (_, index) => circuit(`cluster-${index}`));
    const all = { columns: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY };
    expect(texts({ circuits, requests: [request({ path: `/${'p'.repeat(300)}` })] }, all).join('\n')).toMatch(/p{190}/);
    expect(texts({ circuits }, all).filter((line) => line.includes('cluster-'))).toHaveLength(50);
  });

  it('says whose it is and whether it lives', () => {
    expect(texts()[0]).toMatch(/^ Sluice 1\.2\.3 at 127\.0\.0\.1:9003 {3}2 circuits, 1 open +live {3}q leaves$/);
    expect(texts({ lost: 'connection lost' })[0]).toContain('connection lost');
    expect(texts({ keys: '' })[0]).toMatch(/live$/);
  });

  it('shows a circuit with state, share, figures, results, budget, probe and reason', () => {
    expect(texts()[3]).toBe(
      ' primary     open         ########## 100% 4/4                         ..x.     9  probe in 4 s; failure_ratio',
    );
  });

  it('shows targets, and modes that are not the usual one', () => {
    expect(texts()[4]).toMatch(/^ pool \/ m1 +closed +###\.{7} +25% 1\/4 +\.\.x\. +9 {2}shadow$/);
  });

  it('says that a probe is due when its time has come', () => {
    expect(texts({ nowMs: START + 5000 })[3]).toContain('probe is due');
  });

  it('shows a request with its retries, its way and why', () => {
    expect(texts().at(-1)).toBe(
      ' 03:04:05 success         200 1 retry    primary > secondary  GET /orders/1  connection_refused  30 ms  abc123',
    );
  });

  it('shows one that is pending, and one that was refused', () => {
    const pending = request({ result: 'pending', status: null, durationMs: null, attempts: [] });
    const refused = request({
      result: 'short_circuited',
      status: 503,
      decision: 'short_circuit',
      reason: 'circuit_open',
      attempts: [],
    });
    const [first, second] = texts({ requests: [pending, refused] }).slice(-2);
    expect(first).toBe(' 03:04:05 pending         -              primary  GET /orders/1    abc123');
    expect(second).toContain('short_circuited 503');
    expect(second).toContain('circuit_open');
  });

  it('leaves room for requests, and counts the circuits that are not shown', () => {
    const circuits = Array.from({ length: 50 }, (_, index) => circuit(`cluster-${index}`));
    const requests = Array.from({ length: 20 }, () => request());
    const lines = texts({ circuits, requests, more: 7 }, { columns: 100, rows: 20 });
    const shown = lines.filter((line) => line.startsWith(' cluster-')).length;
    expect(shown).toBeGreaterThan(4);
    expect(lines).toContain(` and ${50 - shown + 7} more`);
    expect(lines.filter((line) => line.includes('/orders/1')).length).toBeGreaterThan(3);
  });

  it('prints nothing that a terminal would act upon, whatever it is called', () => {
    const evil = '\u001b[2J\u202e\n\u4e2d';
    const lines = texts({
      circuits: [circuit(evil, { target: evil })],
      requests: [request({ path: `/${evil}` })],
      version: evil,
    });
    expect(lines.join('')).toMatch(/^[\x20-\x7e]*$/);
    expect(lines[3]).toContain('\\u{1b}');
  });
});
