import { describe, expect, it } from 'vitest';
import { nearest } from '../../src/policy/suggest.js';

const KEYS = [
  'failureRatio',
  'failureStatuses',
  'failureGrpcStatuses',
  'minimumRequests',
  'mode',
  'open',
  'on',
  'ramp',
];

describe('the nearest known word', () => {
  it.each([
    ['failureRation', 'failureRatio'],
    ['failure_ratio', 'failureRatio'],
    ['failure-ratio', 'failureRatio'],
    ['FAILURERATIO', 'failureRatio'],
    ['minimumRequest', 'minimumRequests'],
    ['mod', 'mode'],
    ['moed', 'mode'],
    ['opne', 'open'],
  ])('for %s is %s', (word, key) => {
    expect(nearest(word, KEYS)).toBe(key);
  });

  it.each(['', 'x', 'colour', 'threshold', 'circuitBreaker'])('for %j is none', (word) => {
    expect(nearest(word, KEYS)).toBeNull();
  });

  it('is the first of several that are equally near', () => {
    expect(nearest('cat', ['bat', 'hat'])).toBe('bat');
  });

  it('is the nearer of two', () => {
    expect(nearest('maxRetris', ['maxRetry', 'maxRetries'])).toBe('maxRetries');
  });

  it('is none where nothing is known', () => {
    expect(nearest('mode', [])).toBeNull();
  });

  it('takes no time for an absurdly long word', () => {
    expect(nearest('m'.repeat(1_000_000), KEYS)).toBeNull();
  });
});
