// What Envoy does with a header under given rules is what the check has to know; these cases follow Envoy's own words on each field.

import { describe, expect, it } from 'vitest';
import { isForwarded, mayChange, onlyMatching, refused } from '../../src/envoy/look/header-rules.js';

describe('mutation_rules', () => {
  it.each([
    [
      'no rules: anything but routing and x-envoy-',
      undefined,
      { 'x-sluice-id': true, 'x-envoy-retry-on': false, ':path': false, host: false },
    ],
    ['allow_envoy', { allow_envoy: true }, { 'x-envoy-retry-on': true, ':path': false }],
    ['allow_all_routing', { allow_all_routing: true }, { ':path': true, host: true, 'x-envoy-retry-on': false }],
    ['disallow_all', { disallow_all: true, allow_envoy: true }, { 'x-sluice-id': false, 'x-envoy-retry-on': false }],
    ['allow_expression over disallow_all', onlyMatching('x-sluice-.*'), { 'x-sluice-id': true, authorization: false }],
    [
      'disallow_expression over allow_expression',
      { allow_expression: { regex: '.*' }, disallow_expression: { regex: 'x-sluice-.*' } },
      { 'x-sluice-id': false, 'x-other': true },
    ],
    ['the whole name has to match', onlyMatching('x-sluice'), { 'x-sluice': true, 'x-sluice-id': false }],
    ['an alternative does not leak out of its anchors', onlyMatching('a|b'), { ab: false, a: true, xb: false }],
    ['the other spelling', { disallowAll: true, allowExpression: { regex: 'a' } }, { a: true, b: false }],
  ])('%s', (_what, rules, verdicts) => {
    const found = Object.keys(verdicts).map((name) => [name, mayChange(rules, name)]);
    expect(Object.fromEntries(found)).toEqual(verdicts);
  });

  it('say nothing where only Envoy can read the expression, so that nobody is told a lie', () => {
    expect(mayChange(onlyMatching('(?i)x-sluice-.*'), 'x-sluice-id')).toBeNull();
    expect(refused(mayChange, onlyMatching('(?i)x-sluice-.*'), ['x-sluice-id'])).toEqual([]);
  });
});

describe('forward_rules', () => {
  const list = (...patterns: object[]) => ({ patterns: patterns as never[] });
  it.each([
    ['no rules: everything', undefined, { cookie: true }],
    ['disallowed', { disallowed_headers: list({ exact: 'Cookie' }) }, { cookie: false, 'x-a': true }],
    ['allowed only', { allowed_headers: list({ prefix: 'x-' }) }, { 'x-a': true, cookie: false }],
    [
      'disallowed over allowed',
      { allowed_headers: list({ prefix: 'x-' }), disallowed_headers: list({ suffix: '-key' }) },
      { 'x-api-key': false, 'x-a': true },
    ],
    ['contains', { disallowed_headers: list({ contains: 'token' }) }, { 'x-token-a': false, 'x-a': true }],
    ['safe_regex', { disallowed_headers: list({ safe_regex: { regex: 'x-.' } }) }, { 'x-a': false, 'x-ab': true }],
    ['what is no pattern known here', { disallowed_headers: list({ custom: {} }) }, { 'x-a': null }],
    ['an empty list', { allowed_headers: list() }, { 'x-a': false }],
  ])('%s', (_what, rules, verdicts) => {
    const found = Object.keys(verdicts).map((name) => [name, isForwarded(rules, name)]);
    expect(Object.fromEntries(found)).toEqual(verdicts);
  });
});
