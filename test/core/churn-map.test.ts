import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChurnMap, hashOfId } from '../../src/core/churn-map.js';
import { randomIds } from '../../src/ids.js';

const byItself = (key: number) => key;
/** The worst there is: every key in one bucket. */
const allAlike = () => 0;

describe('a map of entries that come and go', () => {
  it('is empty at first', () => {
    const map = new ChurnMap<number, string>(byItself);
    expect([map.size, map.oldest, map.get(1), map.has(1), [...map.values()]]).toEqual([
      0,
      undefined,
      undefined,
      false,
      [],
    ]);
    expect(map.delete(1)).toBe(false);
  });

  it('gives what was set last, and says whether there was something to delete', () => {
    const map = new ChurnMap<string, number>(hashOfId);
    map.set('a', 1);
    map.set('a', 2);
    expect([map.size, map.get('a'), map.has('a')]).toEqual([1, 2, true]);
    expect([map.delete('a'), map.delete('a'), map.get('a'), map.size]).toEqual([true, false, undefined, 0]);
  });

  it('keeps the order of insertion; a key that is set again keeps its age', () => {
    const map = new ChurnMap<number, string>(byItself);
    for (const key of [3, 1, 2]) map.set(key, `first ${key}`);
    map.set(3, 'again 3');
    expect([...map.values()]).toEqual(['again 3', 'first 1', 'first 2']);
    expect(map.oldest).toBe('again 3');
    map.delete(3);
    expect(map.oldest).toBe('first 1');
  });

  it('lets the entry be deleted that was given last', () => {
    const map = new ChurnMap<number, number>(byItself);
    for (let key = 0; key < 10; key++) map.set(key, key);
    const seen: number[] = [];
    for (const value of map.values()) {
      seen.push(value);
      if (value % 3 === 0) map.delete(value);
    }
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([...map.values()]).toEqual([1, 2, 4, 5, 7, 8]);
  });

  it('takes negative hashes, and keys that share one', () => {
    const map = new ChurnMap<number, number>((key) => -key);
    for (let key = 0; key < 1_000; key++) map.set(key, key);
    expect(map.get(999)).toBe(999);
    const alike = new ChurnMap<number, number>(allAlike);
    for (let key = 0; key < 200; key++) alike.set(key, key);
    expect([alike.get(0), alike.get(199), alike.delete(100), alike.get(100), alike.size]).toEqual([
      ...[0, 199, true, undefined, 199],
    ]);
  });

  it.each([
    ['a hash that tells all apart', byItself],
    ['a hash that tells none apart', allAlike],
    ['a hash that tells few apart', (key: number) => key % 3],
  ])('does what a Map does, step by step, with %s', (_what, hash) => {
    const key = fc.integer({ min: 0, max: 150 });
    const step = fc.oneof(
      fc.record({ kind: fc.constant('set' as const), key, value: fc.nat() }),
      fc.record({ kind: fc.constant('delete' as const), key }),
      fc.record({ kind: fc.constant('delete oldest' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const [map, model] = [new ChurnMap<number, object>(hash), new Map<number, object>()];
        for (const each of steps) {
          if (each.kind === 'set') {
            const value = { of: each.value };
            map.set(each.key, value);
            model.set(each.key, value);
          } else {
            const gone = each.kind === 'delete' ? each.key : (model.keys().next().value ?? -1);
            expect(map.delete(gone)).toBe(model.delete(gone));
          }
          expect([map.size, map.oldest]).toEqual([model.size, model.values().next().value]);
        }
        expect([...map.values()]).toEqual([...model.values()]);
        for (let key = 0; key <= 150; key++) expect(map.get(key)).toBe(model.get(key));
      }),
    );
  });
});

describe('the hash of an id', () => {
  it('is the same for equal ids, and takes short ones', () => {
    for (const id of ['', 'r1', '0123456789abcdef01234567']) expect(hashOfId(`${id}`)).toBe(hashOfId(id));
  });

  it('spreads random ids over its low bits', () => {
    const newId = randomIds();
    const buckets = new Set(Array.from({ length: 4_096 }, () => hashOfId(newId()) & 1_023));
    // 1,024 buckets and four times as many ids: all but about 19 are hit.
    expect(buckets.size).toBeGreaterThan(900);
  });
});
