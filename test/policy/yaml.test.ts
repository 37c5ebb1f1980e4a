import { describe, expect, it } from 'vitest';
import { readYaml } from '../../src/policy/yaml.js';

function problems(text: string): string[] {
  return readYaml(text).problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

describe('YAML as plain values', () => {
  it.each([
    ['a: 1\nb: [x, 2, true, null]\n', { a: 1, b: ['x', 2, true, null] }],
    ['a: {b: {c: 1.5}}', { a: { b: { c: 1.5 } } }],
    ['"1.0": a\n2.0: b\ntrue: c\n0x1F: d\n', { '1.0': 'a', '2.0': 'b', true: 'c', '0x1F': 'd' }],
    ['a: off\nb: yes\nc: on\n', { a: 'off', b: 'yes', c: 'on' }],
    ['a: &x [1]\nb: *x\n', { a: [1], b: [1] }],
    ['{"json": [1, {"too": null}]}', { json: [1, { too: null }] }],
    ['', {}],
    ['null', {}],
    ['- 1', [1]],
    ['text', 'text'],
  ])('%j', (text, value) => {
    const read = readYaml(text);
    expect(read.problems).toEqual([]);
    expect(read.value).toEqual(value);
  });

  it('does not share what two aliases expand to', () => {
    const value = Object(readYaml('a: &x {y: 1}\nb: *x\n').value);
    expect(value.a).not.toBe(value.b);
  });

  it('knows where every key and value stands', () => {
    const read = readYaml('a:\n  bc: [1,\n    22]\n');
    const bc = read.root.parts?.get('a')?.value.parts?.get('bc');
    const second = bc?.value.parts?.get(1)?.value;
    expect(read.position(bc?.keyOffset ?? -1)).toEqual({ line: 2, column: 3 });
    expect(read.position(bc?.value.offset ?? -1)).toEqual({ line: 2, column: 7 });
    expect(read.position(second?.offset ?? -1)).toEqual({ line: 3, column: 5 });
  });

  it('counts lines that end in a carriage return as well', () => {
    expect(problems('a: 1\r\nb: 2\r\na: 3\r\n')).toEqual(['3:1 is given twice, first on line 1; keep one of the two']);
  });
});

describe('YAML that is refused', () => {
  it.each([
    ['a: 1\na: 2\na: 3\n', 2],
    ['a: {b: 1, b: 2}\n', 1],
    ['1: a\n"1": b\n', 1],
    ['? [x]\n: 1\n', 1],
    ['? {x: 1}\n: 1\n', 1],
    ['~: 1\n', 1],
    ['&k a: 1\n*k : 2\n', 1],
    ['__proto__: 1\n', 1],
    ['a: {"__proto__": {}}\n', 1],
    ['<<: {a: 1}\n', 1],
    ['a: *nowhere\n', 1],
    ['a: *later\nb: &later 1\n', 1],
    ['a: !!js/function x\n', 1],
    ['a: 1\n...\n---\nb: 1\n', 1],
  ])('%j has %d', (text, count) => {
    expect(problems(text)).toHaveLength(count);
  });

  it('keeps the first of two values for one key', () => {
    expect(readYaml('a: 1\na: 2\n').value).toEqual({ a: 1 });
  });

  it('is fatal where the syntax is broken, and not where single keys are', () => {
    expect(readYaml('a: [1\n').fatal).toBe(true);
    expect(readYaml('a: 1\na: 2\n').fatal).toBe(false);
  });

  it('is one alias bomb, stopped in bounded time and space', { timeout: 30_000 }, () => {
    const levels = 'abcdefghijklmnopqrst'.split('');
    const lines = levels.map((name, index) => {
      const below = levels[index - 1];
      return `${name}: &${name} [${Array(9).fill(below === undefined ? 'x' : `*${below}`)}]`;
    });
    expect(problems(lines.join('\n'))[0]).toMatch(/too large once its aliases are expanded; use fewer aliases/);
  });

  it('is a file of aliases that each have to be looked up, in linear time', { timeout: 30_000 }, () => {
    const text = `a: &x 1\nb: [${Array(5_000).fill('*x')}]\n`;
    expect(readYaml(text).problems).toEqual([]);
  });

  it('is an alias inside its own anchor', () => {
    expect(problems('a: &x\n  b: *x\n')[0]).toMatch(/alias of itself/);
  });
});
