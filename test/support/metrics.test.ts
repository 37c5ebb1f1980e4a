import { describe, expect, it } from 'vitest';
import { parseMetrics } from './metrics.js';

const TEXT = `# HELP a_total Things.
# TYPE a_total counter
a_total{cluster="x",reason="one"} 2
a_total{cluster="x",reason="two, \\"quoted\\""} 3 1700000000000
a_total{cluster="y",reason="one"} 10
plain 0.5
h_bucket{le="+Inf"} 7
`;

describe('the reader of metrics', () => {
  const { metric, samples } = parseMetrics(TEXT);

  it('finds a sample by its labels', () => {
    expect(metric('a_total', { cluster: 'x', reason: 'one' })).toBe(2);
    expect(metric('a_total', { reason: 'two, "quoted"' })).toBe(3);
  });

  it('adds up what the labels leave open', () => {
    expect(metric('a_total', { cluster: 'x' })).toBe(5);
    expect(metric('a_total')).toBe(15);
  });

  it('reads samples without labels, and gives 0 for what is not there', () => {
    expect(metric('plain')).toBe(0.5);
    expect(metric('h_bucket', { le: '+Inf' })).toBe(7);
    expect(metric('nothing')).toBe(0);
    expect(samples).toHaveLength(5);
  });

  it('refuses a page that is broken', () => {
    expect(() => parseMetrics('a_total{cluster="x"')).toThrow('not a sample');
  });
});
