import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Linked, RecencyList } from '../../../src/core/circuit/recency.js';

class Item implements Linked<Item> {
  older: Item | null = null;
  newer: Item | null = null;
  listed = false;
  readonly name: number;

  constructor(name: number) {
    this.name = name;
  }
}

/** From the oldest on, and back again: both ways must show the same. */
function order(list: RecencyList<Item>): number[] {
  const names: number[] = [];
  let last: Item | null = null;
  for (let item = list.oldest; item !== null; item = item.newer) {
    expect(item.older).toBe(last);
    names.push(item.name);
    last = item;
  }
  return names;
}

describe('the list by recency', () => {
  it('is empty at first', () => {
    expect(new RecencyList<Item>().oldest).toBeNull();
  });

  it('keeps the order of use in any sequence of uses and removals', () => {
    const touchOrRemove = fc.record({ touch: fc.boolean(), name: fc.nat({ max: 5 }) });
    fc.assert(
      fc.property(fc.array(touchOrRemove, { maxLength: 60 }), (steps) => {
        const list = new RecencyList<Item>();
        const items = Array.from({ length: 6 }, (_, name) => new Item(name));
        let plain: number[] = [];
        for (const { touch, name } of steps) {
          const item = items[name];
          if (item === undefined) throw new Error(`no item ${name}`);
          plain = plain.filter((other) => other !== name);
          if (touch) plain.push(name);
          if (touch) list.touch(item);
          else list.remove(item);
          expect(order(list)).toEqual(plain);
          expect(items.map(({ listed }) => listed)).toEqual(items.map((other) => plain.includes(other.name)));
        }
      }),
      { numRuns: 300 },
    );
  }, 60_000);
});
