import { describe, expect, it } from 'vitest';
import { load, policyOf } from './support.js';

describe('a ceiling', () => {
  it('lowers what is above it, with one warning that names both numbers and the path', () => {
    const { policy, warnings } = load('ceilings: { maxRetries: 2 }\ndefaults:\n  retry: { maxRetries: 5 }\n');
    expect(policy.forCluster('a').retry.maxRetries).toBe(2);
    expect(warnings).toEqual([
      'policy.yaml:3:24 defaults.retry.maxRetries: 5 is above ceilings.maxRetries (2); lowered to 2',
    ]);
  });

  it('lets pass without a warning what equals it', () => {
    const { policy, warnings } = load('ceilings: { maxRetries: 2 }\ndefaults: { retry: { maxRetries: 2 } }\n');
    expect(policy.forCluster('a').retry.maxRetries).toBe(2);
    expect(warnings).toEqual([]);
  });

  it('is 3 retries and 30 s where the file does not say', () => {
    const { warnings } = load('defaults:\n  retry: { maxRetries: 4, perTryTimeout: 31s }\n');
    expect(warnings).toEqual([
      'policy.yaml:2:24 defaults.retry.maxRetries: 4 is above ceilings.maxRetries (3); lowered to 3',
      'policy.yaml:2:42 defaults.retry.perTryTimeout: 31s is above ceilings.perTryTimeout (30s); lowered to 30s',
    ]);
  });

  it('holds in clusters, targets and routes, with one warning for each', () => {
    const text = [
      'clusters:',
      '  a:',
      '    key: { header: x-model }',
      '    retry: { maxRetries: 7 }',
      '    targets:',
      '      large: { retry: { maxRetries: 8 } }',
      'routes:',
      '  r: { retry: { maxRetries: 9 } }',
    ].join('\n');
    const { policy, warnings } = load(text);
    expect(policy.forCluster('a').retry.maxRetries).toBe(3);
    expect(policy.forTarget('a', 'large').retry.maxRetries).toBe(3);
    expect(policy.forRequest('b', 'r').retry.maxRetries).toBe(3);
    expect(warnings.map((line) => line.split(' ')[1])).toEqual([
      'clusters.a.retry.maxRetries:',
      'clusters.a.targets.large.retry.maxRetries:',
      'routes.r.retry.maxRetries:',
    ]);
  });

  it('compares durations by their length, not by their text', () => {
    const { policy, warnings } = load(
      'ceilings: { perTryTimeout: 1m }\ndefaults: { retry: { perTryTimeout: 60000ms } }\n',
    );
    expect(policy.forCluster('a').retry.perTryTimeoutMs).toBe(60_000);
    expect(warnings).toEqual([]);
  });

  it('of a timeout lowers a longer one', () => {
    const { policy, warnings } = load(
      'ceilings: { perTryTimeout: 2s }\nclusters:\n  a: { retry: { perTryTimeout: 1m } }\n',
    );
    expect(policy.forCluster('a').retry.perTryTimeoutMs).toBe(2_000);
    expect(warnings).toHaveLength(1);
  });

  it.each(['0s', '0'])('of a timeout leaves none (%s) alone', (none) => {
    const { policy, warnings } = load(`defaults: { retry: { perTryTimeout: ${none} } }\n`);
    expect(policy.forCluster('a').retry.perTryTimeoutMs).toBe(0);
    expect(warnings).toEqual([]);
  });

  it('below the built-in default lowers that too, and bothers nobody with it', () => {
    const { policy, warnings } = load('ceilings: { maxRetries: 0 }\n');
    expect(policy.forCluster('a').retry.maxRetries).toBe(0);
    expect(policy.explain('a').policy).toMatchObject({ retry: { maxRetries: { value: 0, from: 'ceilings' } } });
    expect(warnings).toEqual([]);
  });

  it('can be raised', () => {
    const policy = policyOf(
      'ceilings: { maxRetries: 10, perTryTimeout: 1h }\ndefaults: { retry: { maxRetries: 7 } }\n',
    );
    expect(policy.forCluster('a').retry.maxRetries).toBe(7);
  });

  it('applies to a negative number only as far as that means none', () => {
    const { policy, warnings } = load('ceilings: { maxRetries: 0 }\nclusters:\n  a: { retry: { maxRetries: -1 } }\n');
    expect(policy.forCluster('a').retry.maxRetries).toBe(0);
    expect(policy.explain('a').policy).toMatchObject({ retry: { maxRetries: { value: 0, from: 'clusters.a' } } });
    expect(warnings).toHaveLength(1);
  });
});
