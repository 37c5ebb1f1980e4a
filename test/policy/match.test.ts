import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findTies, Glob, isGlob, literalLength, NameTable } from '../../src/policy/match.js';

/** The obvious matcher, for comparison: a table of every prefix of pattern against every prefix of name. */
function slowMatch(pattern: string, name: string): boolean {
  let row = Array.from({ length: name.length + 1 }, (_, index) => index === 0);
  for (const letter of pattern) {
    const next: boolean[] = [];
    for (let index = 0; index <= name.length; index++) {
      const consumed = index > 0 && (letter === '*' ? next[index - 1] : row[index - 1] && name[index - 1] === letter);
      next.push(Boolean(consumed || (letter === '*' && row[index])));
    }
    row = next;
  }
  return row[name.length] ?? false;
}

/** All names over the letters up to a length, shortest first. */
function namesUpTo(length: number): string[] {
  const names = [''];
  for (const name of names) if (name.length < length) names.push(...['a', 'b'].map((letter) => name + letter));
  return names;
}

const globText = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 6 }).filter(isGlob);
const name = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 });

describe('a pattern', () => {
  it.each([
    ['*', '', true],
    ['*', 'anything', true],
    ['pay*', 'pay', true],
    ['pay*', 'payments', true],
    ['pay*', 'repay', false],
    ['*pay', 'repay', true],
    ['*pay*', 'repayment', true],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['ab*ba', 'aba', false],
    ['a*b*c', 'a-c-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['*ab*ab*', 'aab', false],
    ['a**b', 'ab', true],
    ['outbound|*||payments.*', 'outbound|443||payments.shop.svc', true],
    ['outbound|*||payments.*', 'outbound|443|v1|payments.shop.svc', false],
    ['outbound|*|payments.*', 'outbound|443|v1|payments.shop.svc', true],
    ['a.c*', 'abc', false],
    ['[a]*', 'a', false],
  ])('%s and the name %j: %s', (pattern, text, expected) => {
    expect(new Glob(pattern).matches(text)).toBe(expected);
  });

  it('agrees with a slow, obvious matcher on every input', { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(globText, name, (pattern, text) => new Glob(pattern).matches(text) === slowMatch(pattern, text)),
      { numRuns: 5_000 },
    );
  });

  it('takes no exponential time on what defeats backtracking', () => {
    const pattern = new Glob(`${'a*'.repeat(200)}b`);
    const started = process.cpuUsage().user;
    expect(pattern.matches(`${'a'.repeat(50_000)}c`)).toBe(false);
    expect(new Glob('*a'.repeat(200)).matches('a'.repeat(50_000))).toBe(true);
    expect(new Glob(`*${'a*'.repeat(200)}b*c`).matches('a'.repeat(50_000))).toBe(false);
    expect(process.cpuUsage().user - started).toBeLessThan(1_000_000);
  });

  it('needs a star: anything else is an exact name', () => {
    expect(() => new Glob('payments')).toThrow(/"payments" has no \*; look it up as an exact name/);
  });

  it('weighs as much as the characters it fixes', () => {
    expect([literalLength('*'), literalLength('a**b'), literalLength('plain')]).toEqual([0, 2, 5]);
  });
});

describe('two patterns', () => {
  it.each([
    ['a*', 'b*', false],
    ['a*', 'ab*', true],
    ['*a', '*b', false],
    ['pay*', '*ment', true],
    ['a*c', 'a*d', false],
    ['a*x*c', 'a*y*c', true],
    ['*', 'anything*', true],
  ])('%s and %s overlap: %s', (one, other, expected) => {
    expect(new Glob(one).overlaps(new Glob(other))).toBe(expected);
    expect(new Glob(other).overlaps(new Glob(one))).toBe(expected);
  });

  it('overlap exactly where a name that both match exists', { timeout: 30_000 }, () => {
    // Both patterns fix at most 5 characters each, so the shortest common name has at most 10.
    const names = namesUpTo(10);
    fc.assert(
      fc.property(globText, globText, (one, other) => {
        const common = names.some((text) => slowMatch(one, text) && slowMatch(other, text));
        return new Glob(one).overlaps(new Glob(other)) === common;
      }),
      { numRuns: 60 },
    );
  });
});

describe('a table of names', () => {
  const table = new NameTable([
    ['*', 'any'],
    ['pay*', 'short'],
    ['payments*', 'long'],
    ['payments-eu', 'exact'],
    ['*-eu', 'suffix'],
  ]);

  it.each([
    ['payments-eu', 'exact'],
    ['payments-us', 'long'],
    ['payroll', 'short'],
    ['billing-eu', 'suffix'],
    ['billing', 'any'],
    ['', 'any'],
  ])('gives for %j the value of the most specific: %s', (text, value) => {
    expect(table.find(text)).toBe(value);
  });

  it('gives nothing where nothing matches', () => {
    expect(new NameTable([['a*', 1]]).find('b')).toBeUndefined();
  });

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('knows nothing of %s', (text) => {
    expect(new NameTable([['a', 1]]).find(text)).toBeUndefined();
  });
});

describe('ties', () => {
  it('are patterns of equal weight that overlap', () => {
    expect(findTies(['pay*', '*pay', 'ab*c'])).toEqual([['*pay', 'pay*']]);
  });

  it('are none where the weights differ or the names are exact', () => {
    expect(findTies(['pay*', 'paym*', 'pay', 'b*'])).toEqual([]);
  });

  it('are told once for each pattern, however many it ties with', () => {
    expect(findTies(['a*', '*b', 'a**'])).toEqual([
      ['*b', 'a*'],
      ['a**', 'a*'],
    ]);
  });
});
