import { describe, expect, it } from 'vitest';
import { INERT_FIELDS, inertWarnings } from '../../src/policy/inert.js';
import { policyOf } from './support.js';

const TEXT = `
defaults:
  key: { header: x-tenant }
  circuit: { slow: { after: 0s }, ramp: 10s }
clusters:
  a:
    circuit: { slow: { after: 2s } }
    targets: { large: { circuit: { slow: { ratio: 0.9 } } } }
routes:
  r: { retry: { judge: true, maxRetries: 1 } }
`;

describe('warnings of fields that do nothing yet', () => {
  it.each([
    ['circuit.slow', 'circuit.slow is set in clusters.a, clusters.a.targets.large, but'],
    ['circuit.slow.after', 'circuit.slow.after is set in clusters.a, but'],
    ['circuit.ramp', 'circuit.ramp is set in defaults, but'],
    ['retry.judge', 'retry.judge is set in routes.r, but'],
    ['targets', 'targets is set in clusters.a, but'],
    ['key', 'key is set in defaults, but'],
  ])('name %s where the file sets it', (field, beginning) => {
    const warnings = inertWarnings(policyOf(TEXT), [field]);
    expect(warnings).toEqual([`${beginning} this version does not act on it yet`]);
  });

  it.each(['retry.maxRetries', 'circuit.halfOpen', 'circuit.slo', 'key.max'])(
    'leave out %s, which is not set or set to its default',
    (field) => {
      expect(inertWarnings(policyOf(TEXT), [field])).toEqual([]);
    },
  );

  it('compare lists by what is in them', () => {
    const policy = policyOf(
      'clusters: { a: { circuit: { failureStatuses: [429, 500, 502, 503, 504] } }, b: { fallback: [c] } }',
    );
    expect(inertWarnings(policy, ['circuit.failureStatuses'])).toEqual([]);
    expect(inertWarnings(policy, ['fallback'])).toHaveLength(1);
  });

  it('go on with a number where there are many places', () => {
    const clusters = Array.from({ length: 8 }, (_, index) => `  c${index}: { circuit: { ramp: 1s } }`);
    expect(inertWarnings(policyOf(`clusters:\n${clusters.join('\n')}\n`), ['circuit.ramp'])).toEqual([
      'circuit.ramp is set in clusters.c0, clusters.c1, clusters.c2, clusters.c3, clusters.c4 and 3 more, but this version does not act on it yet',
    ]);
  });

  it('are none for a file that sets nothing, whatever the list', () => {
    expect(inertWarnings(policyOf(''), ['key', 'targets', 'circuit', 'retry', 'fallback'])).toEqual([]);
  });

  it('use the list of this version where none is given', () => {
    expect(inertWarnings(policyOf(TEXT))).toEqual(inertWarnings(policyOf(TEXT), INERT_FIELDS));
  });
});
