// Reading what both sides count, and what was counted meanwhile.

import { describe, expect, it } from 'vitest';
import { between, figures, readMetrics, readStatistics } from '../../../src/cli/doctor/figures.js';

describe('statistics of Envoy', () => {
  it('are read by name, without histograms and texts', () => {
    const text = [
      'cluster.a.upstream_rq_total: 12',
      'cluster.outbound|80||x.svc.upstream_rq_total: 3',
      'cluster.a.upstream_rq_time: P0(1,1) P25(1.025,1.05)',
      'cluster.a.version_text: "v1"',
      '',
    ].join('\n');
    expect([...readStatistics(text)]).toEqual([
      ['cluster.a.upstream_rq_total', 12],
      ['cluster.outbound|80||x.svc.upstream_rq_total', 3],
    ]);
  });
});

describe('metrics of Sluice', () => {
  it('are read with their labels, whatever these contain', () => {
    const text = [
      '# HELP sluice_streams Open streams.',
      '# TYPE sluice_streams gauge',
      'sluice_streams{role="admission"} 2',
      'sluice_requests_total{cluster="a b{c} 1",decision="admit"} 5',
      'sluice_sessions 0',
      'sluice_odd NaN',
      'sluice_bucket{le="+Inf"} 1.5e3',
    ].join('\n');
    expect([...readMetrics(text)]).toEqual([
      ['sluice_streams{role="admission"}', 2],
      ['sluice_requests_total{cluster="a b{c} 1",decision="admit"}', 5],
      ['sluice_sessions', 0],
      ['sluice_bucket{le="+Inf"}', 1500],
    ]);
  });
});

describe('what was counted meanwhile', () => {
  it('is the difference; of what began anew, all of it', () => {
    const before = new Map([
      ['same', 4],
      ['more', 4],
      ['restarted', 40],
      ['gone', 1],
    ]);
    const after = new Map([
      ['same', 4],
      ['more', 6],
      ['restarted', 3],
      ['new', 5],
    ]);
    expect(Object.fromEntries(between(before, after))).toEqual({ same: 0, more: 2, restarted: 3, new: 5 });
  });
});

describe('figures', () => {
  const some = figures(
    new Map([
      ['cluster.a.x', 1],
      ['cluster.b.x', 5],
      ['cluster.c.x', 0],
      ['http.a.y', 7],
    ]),
  );

  it('are summed, and listed by what the group caught, the largest first and without those at 0', () => {
    expect(some.sum(/^cluster\..+\.x$/)).toBe(6);
    expect(some.each(/^cluster\.(.+)\.x$/)).toEqual([
      ['b', 5],
      ['a', 1],
    ]);
    expect(some.each(/^http\..*$/)).toEqual([['http.a.y', 7]]);
  });

  it('are there at 0, too', () => {
    expect([some.has(/^cluster\.c\./), some.has(/^cluster\.d\./), some.sum(/^nothing/)]).toEqual([true, false, 0]);
  });
});
