// A policy's grants are made once each and given to every request that is alike: the variants must never be mixed up.

import { expect, it } from 'vitest';
import { grantFor } from '../../../src/core/retry/eligibility.js';
import { policyOf } from '../../support/core-world.js';

const policyWith = (maxRetries: number) =>
  policyOf({ defaults: { retry: { maxRetries, on: ['connect-failure', 'reset'], statuses: [503] } } }).forCluster('a')
    .retry;
const NO_JUDGE = { first: false, any: false };
const JUDGED = { first: true, any: true };
const LATER_JUDGED = { first: false, any: true };

it('is the same for requests that are alike, and another for those that may be repeated or are judged', () => {
  const policy = policyWith(2);
  for (const _round of [1, 2]) {
    expect(grantFor(policy, false, NO_JUDGE)).toMatchObject({ on: ['connect-failure'], statuses: [], judged: false });
    expect(grantFor(policy, true, NO_JUDGE)).toMatchObject({ on: ['connect-failure', 'reset'], statuses: [503] });
    expect(grantFor(policy, true, JUDGED)).toMatchObject({ statuses: [], judged: true });
    expect(grantFor(policy, true, LATER_JUDGED)).toMatchObject({ statuses: [503], judged: true });
    expect(grantFor(policy, false, JUDGED)).toMatchObject({ statuses: [], judged: false });
  }
  expect(grantFor(policy, true, JUDGED)).toBe(grantFor(policy, true, JUDGED));
});

it('is that of its own policy', () => {
  expect(grantFor(policyWith(1), true, NO_JUDGE)?.maxRetries).toBe(1);
  expect(grantFor(policyWith(2), true, NO_JUDGE)?.maxRetries).toBe(2);
});

it('is none, again and again, where nothing could be retried', () => {
  const { retry } = policyOf({ defaults: { retry: { maxRetries: 1, on: ['reset'] } } }).forCluster('a');
  for (const _round of [1, 2]) expect(grantFor(retry, false, NO_JUDGE)).toBeNull();
  expect(grantFor(retry, true, NO_JUDGE)).not.toBeNull();
});
