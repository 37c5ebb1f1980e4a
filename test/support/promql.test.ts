import { describe, expect, it } from 'vitest';
import { asked } from './promql.js';

function metricsOf(expr: string): Record<string, string[]> {
  return Object.fromEntries([...asked(expr).metrics].map(([name, labels]) => [name, [...labels].sort()]));
}

describe('what a PromQL expression asks for', () => {
  it('is its metrics with the labels of their matchers', () => {
    expect(metricsOf('rate(a_total{x="1", y=~"p|q"}[5m]) / b{z!="3"}')).toEqual({ a_total: ['x', 'y'], b: ['z'] });
  });

  it('includes the labels that it groups by, for every metric', () => {
    expect(metricsOf('sum by (le, cluster) (rate(a_bucket[5m])) / on (role) b')).toEqual({
      a_bucket: ['cluster', 'le', 'role'],
      b: ['cluster', 'le', 'role'],
    });
  });

  it('leaves out functions, operators, ranges, numbers and the labels of the scrape', () => {
    const expr =
      'histogram_quantile(0.99, sum by (job, instance) (a[$__rate_interval])) > 1e-3 and b offset 1h or vector(0)';
    expect(metricsOf(expr)).toEqual({ a: [], b: [] });
  });

  it('is not confused by braces and names within strings', () => {
    expect(metricsOf('a{x="} b{y=\\"c\\"}"}')).toEqual({ a: ['x'] });
  });

  it('finds recorded metrics, and those without anything around them', () => {
    expect(metricsOf('job:a:rate5m == 1 unless up')).toEqual({ 'job:a:rate5m': [], up: [] });
  });

  it('tells which words a label is asked for', () => {
    const expr = 'a{x="1", y=~"p|q", z=~".*ext", job=~"$job"} + b{x!="2"}';
    expect(asked(expr).values).toEqual([
      ['a', 'x', '1'],
      ['a', 'y', 'p'],
      ['a', 'y', 'q'],
      ['b', 'x', '2'],
    ]);
  });
});
