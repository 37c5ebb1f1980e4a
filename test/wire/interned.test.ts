import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equals, latin1, startsWith, utf8 } from '../../src/wire/interned.js';

const bytesOf = (text: string) => Buffer.from(text, 'latin1');

describe('texts that come again', () => {
  it('are what their bytes say, in either encoding, in any order, however many there are', { timeout: 60_000 }, () => {
    const some = fc.array(fc.uint8Array({ maxLength: 120 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(some, (all) => {
        for (const bytes of [...all, ...all].map((each) => Buffer.from(each))) {
          expect(latin1(bytes, 0, bytes.length)).toBe(bytes.toString('latin1'));
          expect(utf8(bytes, 0, bytes.length)).toBe(bytes.toString('utf8'));
        }
      }),
    );
  });

  it('are right where thousands of them share the places there are', () => {
    for (const round of [1, 2]) {
      for (let i = 0; i < 12_000; i++) {
        const text = `outbound|${i}||payments.shop.svc`;
        const bytes = bytesOf(`<${text}>`);
        expect(utf8(bytes, 1, bytes.length - 1), `round ${round}`).toBe(text);
      }
    }
  });

  it('do not keep what is not ASCII: two encodings make two texts of it', () => {
    const bytes = Buffer.from('modèle');
    for (let i = 0; i < 3; i++) {
      expect(utf8(bytes, 0, bytes.length)).toBe('modèle');
      expect(latin1(bytes, 0, bytes.length)).toBe('modÃ¨le');
    }
  });
});

describe('comparing bytes with a text', () => {
  it('looks at all of them, and at nothing around them', () => {
    const bytes = bytesOf('x-sluice-id');
    expect(equals(bytes, 2, 8, 'sluice')).toBe(true);
    expect(equals(bytes, 2, 9, 'sluice')).toBe(false);
    expect(equals(bytes, 2, 8, 'sluicf')).toBe(false);
    expect(startsWith(bytes, 0, bytes.length, 'x-sluice-')).toBe(true);
    expect(startsWith(bytes, 0, 8, 'x-sluice-')).toBe(false);
    expect(startsWith(bytes, 1, bytes.length, 'x-sluice-')).toBe(false);
  });

  it('takes nothing for a text beyond a byte', () => {
    expect(equals(Buffer.from([0x80]), 0, 1, '\u0180')).toBe(false);
  });
});
