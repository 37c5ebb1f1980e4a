import { describe, expect, it } from 'vitest';
import { decodeHuffman } from '../../../../src/server/h2/hpack/huffman.js';

function decode(hex: string): string | null {
  const bytes = Buffer.from(hex, 'hex');
  return decodeHuffman(bytes, 0, bytes.length);
}

describe('the Huffman code', () => {
  it.each([
    ['f1e3c2e5f23a6ba0ab90f4ff', 'www.example.com'],
    ['a8eb10649cbf', 'no-cache'],
    ['9d29ad171863c78f0b97c8e9ae82ae43d3', 'https://www.example.com'],
    ['', ''],
    ['1f', 'a'],
  ])('%s is %j', (hex, text) => {
    expect(decode(hex)).toBe(text);
  });

  it.each([
    ['one bit of padding that is zero', '1e'],
    ['a whole byte of padding', '1fff'],
    ['a code cut short', 'ff'],
    ['the end-of-string symbol', 'fffffffc'],
  ])('does not take %s', (_, hex) => {
    expect(decode(hex)).toBeNull();
  });

  it('has a code for every byte: the longest are right', () => {
    // Codes of 28 and 30 bits from the RFC's table, then padding: 0x02 is ffffffe2, 0x0a (\n) is 3ffffffc.
    expect(decode('fffffe2f')).toBe('\x02');
    expect(decode('fffffff3')).toBe('\n');
  });

  it('reads between its bounds only', () => {
    expect(decodeHuffman(Buffer.from('001f00', 'hex'), 1, 2)).toBe('a');
  });
});
