import { describe, expect, it } from 'vitest';
import { BoundedMap } from '../../src/policy/bounded-map.js';

describe('a bounded map', () => {
  it('keeps what fits', () => {
    const map = new BoundedMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    expect([map.get('a'), map.get('b'), map.size]).toEqual([1, 2, 2]);
  });

  it('pushes out the oldest', () => {
    const map = new BoundedMap<string, number>(2);
    for (const [index, key] of ['a', 'b', 'c'].entries()) map.set(key, index);
    expect([map.get('a'), map.get('b'), map.get('c'), map.size]).toEqual([undefined, 1, 2, 2]);
  });

  it('pushes out nothing where a key is set again', () => {
    const map = new BoundedMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.set('b', 3);
    expect([map.get('a'), map.get('b')]).toEqual([1, 3]);
  });

  it('never grows past its capacity', () => {
    const map = new BoundedMap<number, number>(10);
    for (let key = 0; key < 1_000; key++) map.set(key, key);
    expect(map.size).toBe(10);
    expect(map.get(999)).toBe(999);
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses a capacity of %d', (capacity) => {
    expect(() => new BoundedMap(capacity)).toThrow(/capacity of 1 or more, not/);
  });
});
