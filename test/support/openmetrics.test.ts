// The judge is judged: each rule that the strict reader is there for catches a text that breaks it.

import { describe, expect, it } from 'vitest';
import { parseOpenMetrics } from './openmetrics.js';

const GOOD = `# HELP a_seconds Time \\"spent\\".
# TYPE a_seconds histogram
# UNIT a_seconds seconds
a_seconds_bucket{x="1",le="1e-06"} 0
a_seconds_bucket{x="1",le="0.5"} 2 # {request_id="abc"} 0.25 1700000000.123
a_seconds_bucket{x="1",le="+Inf"} 3
a_seconds_sum{x="1"} 4.5
a_seconds_count{x="1"} 3
# TYPE b counter
b_total{q="say \\"no\\\\yes\\""} 1 # {request_id="abc"} 1
# TYPE c gauge
c -Inf
# EOF
`;

describe('the strict reader of OpenMetrics', () => {
  it('reads families, samples and exemplars', () => {
    const [a, b, c] = parseOpenMetrics(GOOD);
    expect([a?.type, a?.unit, a?.help]).toEqual(['histogram', 'seconds', 'Time "spent".']);
    expect(a?.samples[1]?.exemplar).toEqual({
      labels: { request_id: 'abc' },
      value: 0.25,
      timestamp: 1700000000.123,
    });
    expect(b?.samples[0]).toMatchObject({ name: 'b_total', labels: { q: 'say "no\\yes"' }, value: 1 });
    expect(c?.samples[0]?.value).toBe(Number.NEGATIVE_INFINITY);
  });

  it.each([
    ['an end without # EOF', '# EOF\n', '', 'EOF'],
    ['a counter without _total', 'b_total{', 'b{', 'not a sample of the family'],
    ['a family with _total in its name', '# TYPE b counter', '# TYPE b_total counter', 'not a sample of the family'],
    ['a unit that is not in the name', '# UNIT a_seconds seconds', '# UNIT a_seconds bytes', 'unit'],
    ['a quote in help', '\\"spent\\"', '"spent"', 'escaped'],
    ['an unknown escape', 'no\\\\yes', 'no\\yes', 'not labels'],
    ['a bound of another writing', 'le="1e-06"', 'le="0.000001"', 'bound'],
    ['a whole bound without .0', 'le="0.5"', 'le="1"', 'bound'],
    ['buckets that fall', 'le="0.5"} 2', 'le="0.5"} 9', 'rise'],
    ['a count that is not that of +Inf', '_count{x="1"} 3', '_count{x="1"} 4', 'count'],
    ['an exemplar of another bucket', '0.25 17', '0.75 17', 'foreign'],
    ['an exemplar on a gauge', 'c -Inf', 'c 1 # {a="b"} 1', 'where none may be'],
    ['an exemplar that is too long', '{request_id="abc"} 1\n', `{request_id="${'x'.repeat(128)}"} 1\n`, '128'],
    ['a counter below 0', '"} 1 #', '"} -1 #', 'below 0'],
    ['a series that comes twice', 'c -Inf\n', 'c 1\nc 1\n', 'twice'],
    ['a label that comes twice', 'x="1",le="0.5"', 'x="1",x="1",le="0.5"', 'twice'],
    ['a family that comes twice', '# TYPE c gauge', '# TYPE a_seconds gauge', 'twice'],
    ['metadata after samples', '# TYPE c gauge\nc -Inf', '# TYPE c gauge\nc 1\n# HELP c Late.', 'after samples'],
    ['an empty line', '# TYPE c', '\n# TYPE c', 'neither'],
    ['a clash of names', '# TYPE c gauge\nc -Inf', '# TYPE b_total gauge\nb_total 1', 'share'],
  ])('refuses %s', (_what, right, wrong, words) => {
    expect(GOOD).toContain(right);
    expect(() => parseOpenMetrics(GOOD.replace(right, () => wrong))).toThrow(words);
  });
});
