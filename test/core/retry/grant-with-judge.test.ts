// What Envoy is told to retry by itself. Where a judge reads the answers, nothing about answers may be among it: Envoy would
// retry them before, or in spite of, what the judge decides.

import { describe, expect, it } from 'vitest';
import type { RetryCondition, RetryPolicy } from '../../../src/core/policy.js';
import { grantFor } from '../../../src/core/retry/eligibility.js';
import { policyOf } from '../../support/core-world.js';

function policy(on: readonly RetryCondition[], statuses: readonly number[] = []): RetryPolicy {
  const document = { defaults: { retry: { maxRetries: 2, on, statuses } } };
  return policyOf(document).forCluster('a').retry;
}

const JUDGED = { first: true, any: true };
const UNJUDGED = { first: false, any: false };

describe('a grant where the judge decides', () => {
  it.each([
    [['connect-failure', 'unavailable'], ['connect-failure']],
    [['5xx'], ['reset']],
    [['gateway-error', '5xx', 'reset'], ['reset']],
    [['retriable-4xx', 'refused-stream'], ['refused-stream']],
  ] satisfies [RetryCondition[], RetryCondition[]][])('of %j tells Envoy only %j', (on, told) => {
    const grant = grantFor(policy(on), true, JUDGED);
    expect(grant).toMatchObject({ on: told, grpcOn: [], statuses: [], judged: true });
  });

  it('is one even where Envoy itself is told nothing', () => {
    expect(grantFor(policy(['unavailable']), true, JUDGED)).toMatchObject({ on: [], grpcOn: [], judged: true });
    expect(grantFor(policy([], [503]), true, JUDGED)).toMatchObject({ on: [], statuses: [], judged: true });
  });

  it('is none where nothing is named, or nothing that a request that may not be repeated could use', () => {
    expect(grantFor(policy([]), true, JUDGED)).toBeNull();
    expect(grantFor(policy(['unavailable', '5xx'], [503]), false, JUDGED)).toBeNull();
  });
});

describe('a grant without a judge', () => {
  it('leaves the answers to Envoy', () => {
    const grant = grantFor(policy(['connect-failure', '5xx', 'unavailable'], [429]), true, UNJUDGED);
    expect(grant).toMatchObject({
      on: ['connect-failure', '5xx'],
      grpcOn: ['unavailable'],
      statuses: [429],
      judged: false,
    });
  });
});
