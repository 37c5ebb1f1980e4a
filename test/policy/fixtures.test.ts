import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../src/policy/load.js';
import { formatProblem } from '../../src/policy/problems.js';
import { badFixtures, fixtures } from './support.js';

describe('a bad policy file', () => {
  it.each(badFixtures())(
    '$name is refused with exactly the problems it states',
    { timeout: 30_000 },
    ({ name, text, expected }) => {
      const result = parsePolicy(text, name);
      const lines = result.ok ? [] : result.problems.map(formatProblem);
      expect(expected.length).toBeGreaterThan(0);
      expect(lines).toEqual(expected.map((line) => `${name}:${line}`));
    },
  );

  it('has a fixture for each of many mistakes', () => {
    expect(badFixtures().length).toBeGreaterThanOrEqual(75);
  });

  it.each(badFixtures())('$name is told what is wrong and how to fix it', ({ expected }) => {
    for (const line of expected) expect(line).toMatch(/; |\?/);
  });
});

describe('a good policy file', () => {
  it.each(fixtures('good'))('$name loads without a warning', ({ name, text }) => {
    const result = parsePolicy(text, name);
    expect(result).toMatchObject({ ok: true, warnings: [] });
  });
});
