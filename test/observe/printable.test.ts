import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_TEXT_LENGTH, printable } from '../../src/observe/printable.js';

const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u;
/** Any UTF-16 code units, halves of characters included. */
const anyText = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) });

describe('printable', () => {
  it('gives plain text back unchanged', () => {
    expect(printable('outbound|80||payments.shop.svc.cluster.local')).toBe(
      'outbound|80||payments.shop.svc.cluster.local',
    );
    expect(printable('')).toBe('');
  });

  it('keeps quotes, backslashes, letters of every script and emojis: they forge nothing', () => {
    expect(printable('say "hi" \\ Zürich 東京 🚀')).toBe('say "hi" \\ Zürich 東京 🚀');
  });

  it('names every control character by its number', () => {
    expect(printable('a\nb\r\0c\x1b[31m\x7f')).toBe('a\\u{a}b\\u{d}\\u{0}c\\u{1b}[31m\\u{7f}');
  });

  it('names characters that hide or turn text around', () => {
    expect(printable('a\u202eb\u2066c\u200bd\ufeffe\u2028f')).toBe(
      'a\\u{202e}b\\u{2066}c\\u{200b}d\\u{feff}e\\u{2028}f',
    );
  });

  it('names the half of a character', () => {
    expect(printable('a\ud83db')).toBe('a\\u{d83d}b');
    expect(printable('\udc00')).toBe('\\u{dc00}');
  });

  it('leaves text of exactly the bound alone and cuts one that is longer, with dots at the cut', () => {
    expect(printable('x'.repeat(MAX_TEXT_LENGTH))).toBe('x'.repeat(200));
    expect(printable('x'.repeat(201))).toBe(`${'x'.repeat(197)}...`);
    expect(printable('abcdefgh', 6)).toBe('abc...');
  });

  it('never cuts a character in two', () => {
    expect(printable('ab🚀cd', 6)).toBe('ab🚀cd');
    expect(printable('ab🚀cde', 6)).toBe('ab...');
    expect(printable('abc🚀cde', 7)).toBe('abc...');
  });

  it('cuts text that only its escapes make too long', () => {
    expect(printable('\n'.repeat(100))).toHaveLength(200);
  });

  it('is quick about a text of megabytes', () => {
    const text = '\n'.repeat(5_000_000);
    const before = process.cpuUsage();
    printable(text);
    // To look at all of it takes several times as long.
    expect(process.cpuUsage(before).user).toBeLessThan(100_000);
  });

  it('holds its promises for any text and any bound', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 3, max: 60 }), (text, bound) => {
        const clean = printable(text, bound);
        expect(clean.length).toBeLessThanOrEqual(bound);
        expect(clean).not.toMatch(UNPRINTABLE);
        expect(Buffer.from(clean).toString()).toBe(clean);
      }),
      { numRuns: 2000 },
    );
  });
});
