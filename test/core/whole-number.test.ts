import { describe, expect, it } from 'vitest';
import { wholeNumber } from '../../src/core/whole-number.js';

describe('a whole number in a header', () => {
  it.each([
    ['0', 0],
    ['7', 7],
    ['0042', 42],
    ['503', 503],
    ['999999999', 999_999_999],
  ])('"%s" is %i', (text, value) => {
    expect(wholeNumber(text)).toBe(value);
  });

  it.each([
    '',
    ' ',
    '1 ',
    ' 1',
    '+1',
    '-1',
    '-0',
    '1.0',
    '1e3',
    '0x10',
    '1_000',
    '1,000',
    '٣',
    '１',
    'one',
    '9999999999',
  ])('"%s" is none', (text) => {
    expect(wholeNumber(text)).toBeNull();
  });

  it('what is not there is none', () => {
    expect(wholeNumber(undefined)).toBeNull();
  });
});
