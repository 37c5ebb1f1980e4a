import { describe, expect, it } from 'vitest';
import { ascii, bar, recent, styleOf } from '../../src/cli/parts.js';
import { ansi, cut, plainText, span } from '../../src/cli/spans.js';

describe('spans', () => {
  it('are cut to the width of the terminal, and say so', () => {
    const line = [span('abc', 'good'), span('defgh')];
    expect(plainText(cut(line, 8))).toBe('abcdefgh');
    expect(plainText(cut(line, 7))).toBe('abcde..');
    expect(plainText(cut(line, 4))).toBe('ab..');
    expect(plainText(cut(line, 1))).toBe('.');
  });

  it('become escape sequences that end where they began', () => {
    expect(ansi([span('a'), span('b', 'bad'), span('c', 'bold')], true)).toBe(
      'a\u001b[31mb\u001b[0m\u001b[1mc\u001b[0m',
    );
  });

  it('lose their colours, and nothing else, where none are wanted', () => {
    expect(ansi([span('b', 'bad'), span('c', 'inverse')], false)).toBe('b\u001b[7mc\u001b[0m');
  });

  it('use no colour that vanishes on a light or a dark background', () => {
    const all = (['plain', 'bold', 'inverse', 'good', 'bad', 'change'] as const).map((style) => span('x', style));
    // Black, yellow, cyan, white and every background.
    expect(ansi(all, true)).not.toMatch(/\[(30|33|36|37|4\d)m/);
  });
});

describe('parts', () => {
  it('draw a share as a bar of ten, never shorter or longer', () => {
    expect([0, 0.5, 1, 7, -1].map((ratio) => plainText(bar(ratio)))).toEqual([
      '..........',
      '#####.....',
      '##########',
      '##########',
      '..........',
    ]);
  });

  it('draw the last results, the newest at the right, failures marked', () => {
    expect(plainText(recent('..x.sx', 10))).toBe('    ..x.sx');
    expect(plainText(recent('..x.sx', 4))).toBe('x.sx');
    expect(recent('.xx.', 4).filter(({ style }) => style === 'bad')).toEqual([span('xx', 'bad')]);
    expect(plainText(recent('', 3))).toBe('   ');
  });

  it('let nothing through that is wider or narrower than a column', () => {
    expect(ascii('a\u001b[31mb\u202e\u4e2d\u00e9')).toBe('a\\u{1b}[31mb\\u{202e}??');
  });

  it('mark states by what they mean', () => {
    expect(['closed', 'open', 'half_open', 'forced_open'].map(styleOf)).toEqual(['good', 'bad', 'change', 'bad']);
  });
});
