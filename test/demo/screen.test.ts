import { describe, expect, it } from 'vitest';
import { plainText, type Size } from '../../src/cli/spans.js';
import { parseMetrics } from '../support/metrics.js';
import { ROLES } from './cast.js';
import { circuit, iso, START } from './fixture.js';
import { eventLines, rows } from './live.js';
import { clock, counters, type EventLine, screen, type View } from './screen.js';

const NARROW: Size = { columns: 80, rows: 24 };

function event(number: number): EventLine {
  return { atMs: number * 1000, who: 'pool', style: 'good', text: `event ${number}` };
}

function view(changes: Partial<View> = {}): View {
  const circuits = [
    circuit('primary', { state: 'open', retryAt: iso(5500) }),
    circuit('refusing', { state: 'half_open', requests: 20, failures: 20, failureRatio: 1 }),
  ];
  return {
    elapsedMs: 65_000,
    sentence: 'primary has died.',
    rows: rows({ circuits }, 'open', START + 4000),
    counters: [
      ['requests', 12],
      ['saved', 3],
    ],
    events: Array.from({ length: 50 }, (_, index) => event(index)),
    tries: ['curl one', 'curl two'],
    ...changes,
  };
}

function texts(changes: Partial<View> = {}, size = NARROW): string[] {
  return screen(view(changes), size).map(plainText);
}

describe('the screen', () => {
  it.each([NARROW, { columns: 120, rows: 40 }, { columns: 40, rows: 12 }, { columns: 10, rows: 3 }])(
    'fills $columns x $rows and never more',
    (size) => {
      const lines = texts({}, size);
      expect(lines).toHaveLength(size.rows);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(size.columns);
    },
  );

  it('says where the story is and how long it has run', () => {
    const [header, sentence] = texts();
    expect(header).toContain('1:05');
    expect(header).toHaveLength(80);
    expect(sentence).toBe(' primary has died.');
  });

  it('has a row for every upstream, known or not', () => {
    const lines = texts();
    for (const { name } of ROLES) expect(lines.some((line) => line.startsWith(` ${name} `))).toBe(true);
    expect(lines.find((line) => line.startsWith(' pool'))).toMatch(/-$/);
  });

  it('shows state, ratio and the time to the next probe without any colour', () => {
    const line = texts().find((text) => text.startsWith(' primary   '));
    expect(line).toBe(' primary   dead; secondary stands in   open       #####.....  6/12 probe 1.5 s');
    expect(texts().find((text) => text.startsWith(' refusing '))).toMatch(/half_open {2}########## 20\/20/);
  });

  it('shows the newest events last, as many as there is room for', () => {
    const shown = texts().filter((text) => text.includes('event '));
    expect(shown.at(-1)).toBe('  0:49 pool      event 49');
    expect(shown.length).toBeGreaterThanOrEqual(7);
    expect(texts({}, { columns: 80, rows: 40 }).filter((text) => text.includes('event '))).toHaveLength(
      shown.length + 16,
    );
  });

  it('keeps the commands at the bottom, and leaves them out where there is no room', () => {
    expect(texts({ events: [] }).slice(-2)).toEqual([' curl one', ' curl two']);
    expect(texts({}, { columns: 80, rows: 16 }).join()).not.toContain('curl');
  });

  it('shows the counters', () => {
    expect(texts()).toContain(' requests 12  saved 3 ');
  });
});

describe('what the rows are made of', () => {
  it('does not count down below nothing', () => {
    const circuits = [circuit('slow', { state: 'half_open', retryAt: iso(1000) })];
    expect(rows({ circuits }, 'healthy', START + 9000).find(({ name }) => name === 'slow')?.circuit?.probeInMs).toBe(0);
  });

  it('says of primary what the story does to it', () => {
    expect(rows({ circuits: [] }, 'healed', START)[0]?.what).toBe('back, and not yet trusted');
  });

  it('has words for every role that fit their column', () => {
    for (const { what, name } of ROLES) {
      expect(what.length, what).toBeLessThanOrEqual(27);
      expect(name.length, name).toBeLessThanOrEqual(9);
    }
  });

  it('gives events their time since the start', () => {
    const [line] = eventLines([{ atMs: START + 2000, who: 'a', tone: 'demo', text: 'x', group: null }], START);
    expect(line).toEqual({ atMs: 2000, who: 'a', style: 'bold', text: 'x' });
  });

  it('adds the counters of all clusters up', () => {
    const metrics = parseMetrics(
      [
        'sluice_requests_total{cluster="a",decision="admit"} 2',
        'sluice_requests_total{cluster="b",decision="reroute"} 1',
        'sluice_retries_total{cluster="a",result="granted",reason="status"} 5',
        'sluice_retries_total{cluster="a",result="saved",reason="status"} 4',
        'sluice_retries_total{cluster="a",result="refused",reason="written"} 6',
        'sluice_reroutes_total{from="b",to="a"} 1',
        'sluice_short_circuits_total{cluster="c",reason="circuit_open"} 7',
      ].join('\n'),
    );
    expect(counters({ metrics }).map(([, value]) => value)).toEqual([3, 5, 4, 6, 1, 7]);
  });
});

describe('the clock', () => {
  it('counts minutes and seconds', () => {
    expect([clock(0), clock(59_999), clock(60_000), clock(3_600_000)]).toEqual([' 0:00', ' 0:59', ' 1:00', '60:00']);
  });
});
