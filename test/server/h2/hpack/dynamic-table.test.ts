import { describe, expect, it } from 'vitest';
import { DynamicTable } from '../../../../src/server/h2/hpack/dynamic-table.js';

/** 40 bytes in the table. */
const entry = (letter: string) => [`x-${letter}${letter}`, 'four'] as const;

function names(table: DynamicTable): string[] {
  const found: string[] = [];
  for (let index = 0; ; index++) {
    const header = table.get(index);
    if (header === undefined) return found;
    found.push(header[0]);
  }
}

describe('the dynamic table', () => {
  it('has the youngest first', () => {
    const table = new DynamicTable(100);
    table.add(entry('a'));
    table.add(entry('b'));
    expect(names(table)).toEqual(['x-bb', 'x-aa']);
  });

  it('lets the oldest go when there is no room', () => {
    const table = new DynamicTable(80);
    for (const letter of ['a', 'b', 'c']) table.add(entry(letter));
    expect(names(table)).toEqual(['x-cc', 'x-bb']);
  });

  it('is emptied by an entry larger than itself', () => {
    const table = new DynamicTable(79);
    table.add(entry('a'));
    table.add(['x', 'y'.repeat(100)]);
    expect(names(table)).toEqual([]);
  });

  it('made smaller lets the oldest go at once', () => {
    const table = new DynamicTable(120);
    for (const letter of ['a', 'b', 'c']) table.add(entry(letter));
    table.resize(40);
    expect(names(table)).toEqual(['x-cc']);
    table.resize(0);
    expect(names(table)).toEqual([]);
    expect(table.maxBytes).toBe(0);
  });

  it('stays right over thousands of entries', () => {
    const table = new DynamicTable(400);
    for (let i = 0; i < 10_000; i++) table.add(['x', String(i)]);
    expect(table.get(0)).toEqual(['x', '9999']);
    expect(names(table).length).toBe(Math.floor(400 / (32 + 1 + 4)));
  });
});
