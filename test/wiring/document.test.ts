// A bootstrap is its team's own text: what is not changed keeps its letters, its comments and its anchors.

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readDocument } from '../../src/envoy/document/document.js';
import { DocumentError } from '../../src/envoy/document/error.js';
import { isObject, type JsonObject } from '../../src/envoy/document/json.js';
import { bootstrapText } from '../envoy/wired/fixtures.js';
import { ENVOY_YAML } from '../support/bootstrap.js';

function edited(text: string, edit: (root: JsonObject) => void, comments?: Map<object, string>): string {
  const file = readDocument(text);
  edit(file.root);
  return file.print(comments);
}

function object(value: unknown): JsonObject {
  if (!isObject(value as JsonObject)) throw new Error(`no object: ${JSON.stringify(value)}`);
  return value as JsonObject;
}

function list(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Error(`no list: ${JSON.stringify(value)}`);
  return value;
}

describe('an unchanged document', () => {
  it.each([
    ['a large YAML file', readFileSync(ENVOY_YAML, 'utf8')],
    ['odd spaces and quotes', "a:   'x'   # why\nb: [ 1,2 ]\n\n\n"],
    ['JSON with its own indentation', '{\n   "a": 1,\n   "b": [1, 2]\n}'],
    ['JSON without any', '{"a":1}\n'],
  ])('is printed byte for byte: %s', (_what, text) => {
    expect(readDocument(text).print()).toBe(text);
  });

  it('is so too where a value was set to what it was', () => {
    expect(edited('a:   1 # x\n', (root) => Object.assign(root, { a: 1 }))).toBe('a:   1 # x\n');
  });
});

describe('a changed YAML document', () => {
  it('keeps comments, quotes, blank lines, order and the padding of brackets', () => {
    const text = ['# head', 'a: "1" # one', '', '# about b', 'b: { x: [1, 2], y: [ 3 ] }', "c: 'three'", ''].join('\n');
    expect(edited(text, (root) => Object.assign(root, { d: true }))).toBe(`${text}d: true\n`);
  });

  it('changes a value and leaves its comment', () => {
    expect(edited('a: 1 # one\nb: 2\n', (root) => Object.assign(root, { a: 5 }))).toBe('a: 5 # one\nb: 2\n');
  });

  it('keeps the comment of a first item with that item when another comes before it', () => {
    const text = 'l:\n  # about one\n  - name: one\n  # about two\n  - name: two\n';
    const made = edited(text, (root) => void list(root.l).unshift({ name: 'zero', extra: 'x'.repeat(80) }));
    expect(made).toBe(
      `l:\n  - name: zero\n    extra: ${'x'.repeat(80)}\n  # about one\n  - name: one\n  # about two\n  - name: two\n`,
    );
  });

  it('moves an item with its comment', () => {
    const made = edited('l:\n- a: 1 # first\n- b: 2 # second\n', (root) => void list(root.l).reverse());
    expect(made).toBe('l:\n- b: 2 # second\n- a: 1 # first\n');
  });

  it('puts a comment before what is new, and writes it as the file writes lists', () => {
    const added = { name: 'new', typed_config: { '@type': 'x' } };
    const made = edited('l:\n- a: 1\n', (root) => void list(root.l).push(added), new Map([[added, 'Ours.']]));
    expect(made).toBe('l:\n- a: 1\n# Ours.\n- name: new\n  typed_config:\n    "@type": x\n');
  });

  it('opens a mapping in braces that is given a mapping which does not fit', () => {
    const long = { retry: { back: 'x'.repeat(90) } };
    expect(edited('r: { a: 1 } # go\n', (root) => Object.assign(object(root.r), long))).toBe(
      `r:\n  a: 1\n  retry:\n    back: ${'x'.repeat(90)}\n  # go\n`,
    );
  });

  it('takes its indentation from the file', () => {
    const made = edited(
      'a:\n    - b:\n          c: 1\n',
      (root) => void list(root.a).push({ d: { e: 'x'.repeat(80) } }),
    );
    expect(made).toContain(`    - d:\n          e: ${'x'.repeat(80)}\n`);
  });

  it('keeps whole numbers that are too large for a number', () => {
    const text = 'seed: 18446744073709551615\n';
    expect(edited(text, (root) => Object.assign(root, { a: 1 }))).toBe(`${text}a: 1\n`);
  });
});

describe('anchors', () => {
  const text = 'a: &x\n  k: 1\n  l: [1]\nb: *x\nc: *x\n';

  it('stay where nothing of theirs changes', () => {
    expect(edited(text, (root) => Object.assign(root, { d: 1 }))).toBe(`${text}d: 1\n`);
  });

  it('stay where every copy changes alike', () => {
    const change = (root: JsonObject) => {
      for (const name of ['a', 'b', 'c']) object(root[name]).k = 2;
    };
    expect(edited(text, change)).toBe('a: &x\n  k: 2\n  l: [1]\nb: *x\nc: *x\n');
  });

  it('are spelled out where one copy changes, and nowhere else', () => {
    const made = edited(text, (root) => Object.assign(object(root.b), { k: 7 }));
    expect(made).toBe('a: &x\n  k: 1\n  l: [1]\nb:\n  k: 7\n  l: [1]\nc: *x\n');
  });

  it('are spelled out where the original changes and the copies do not', () => {
    const made = edited(text, (root) => Object.assign(object(root.a), { k: 7 }));
    expect(parse(made)).toEqual({ a: { k: 7, l: [1] }, b: { k: 1, l: [1] }, c: { k: 1, l: [1] } });
  });

  it('move to the first alias when what they named is gone', () => {
    const made = edited(text, (root) => void delete root.a);
    expect(parse(made)).toEqual({ b: { k: 1, l: [1] }, c: { k: 1, l: [1] } });
    expect(made).toContain('c: *x');
  });

  it('work inside one another: a copy of a copy is changed alone', () => {
    const nested = 'a: &x { k: 1 }\nb: &y\n  deep: *x\nc: *y\nd: *y\n';
    const made = edited(nested, (root) => Object.assign(object(object(root.c).deep), { k: 9 }));
    expect(parse(made)).toEqual({ a: { k: 1 }, b: { deep: { k: 1 } }, c: { deep: { k: 9 } }, d: { deep: { k: 1 } } });
    expect(made).toContain('d: *y');
  });

  it('share nothing of what the original lost: each copy is changed alone', () => {
    const made = edited('a: &x { deep: { k: 1, l: 2 } }\nb: *x\nc: *x\nd: *x\n', (root) => {
      delete object(root.a).deep;
      delete object(object(root.c).deep).k;
    });
    expect(parse(made)).toEqual({
      a: {},
      b: { deep: { k: 1, l: 2 } },
      c: { deep: { l: 2 } },
      d: { deep: { k: 1, l: 2 } },
    });
  });

  it('keep what a copy says when the original is moved below it and changed', () => {
    const made = edited('- &x { k: 1 }\n- *x\n- *x\n'.replace(/^/gm, '  ').replace(/^/, 'l:\n'), (root) => {
      list(root.l).reverse();
      object(list(root.l)[2]).k = 2;
    });
    expect(parse(made)).toEqual({ l: [{ k: 1 }, { k: 1 }, { k: 2 }] });
  });

  it('may use a name twice: an alias means the nearest one above it', () => {
    const made = edited('a: &x 1\nb: *x\nc: &x 2\nd: *x\n', (root) => Object.assign(root, { a: 5 }));
    expect(parse(made)).toEqual({ a: 5, b: 1, c: 2, d: 2 });
  });

  it('of scalars in lists are kept', () => {
    const made = edited('t: &t 15s\nl: [*t, 2]\n', (root) => void list(root.l).push('new'));
    expect(made).toBe('t: &t 15s\nl: [*t, 2, new]\n');
  });
});

describe('a changed JSON document', () => {
  it('stays JSON, with its indentation and its last line', () => {
    expect(edited('{\n    "a": 1\n}\n', (root) => Object.assign(root, { b: [1] }))).toBe(
      '{\n    "a": 1,\n    "b": [\n        1\n    ]\n}\n',
    );
    expect(edited('{"a":1}', (root) => Object.assign(root, { b: 2 }))).toBe('{"a":1,"b":2}');
  });
});

describe('whole numbers that are too large for a number', () => {
  it('keep their digits in JSON, and strings that look like them stay strings', () => {
    const text =
      '{"seed": 18446744073709551615, "near": 9007199254740991, "name": "a \\" 18446744073709551615", "d": 1234567890123456789.5}';
    const made = JSON.parse(edited(text, (root) => Object.assign(root, { x: 1 }))) as JsonObject;
    expect(made).toMatchObject({
      seed: '18446744073709551615',
      near: 9007199254740991,
      name: 'a " 18446744073709551615',
      x: 1,
    });
    expect(made.d).toBeTypeOf('number');
    expect(readDocument(text).print()).toBe(text);
  });
});

describe('any change', () => {
  const places = (value: unknown, path: (string | number)[] = []): (string | number)[][] => {
    const parts: [string | number, unknown][] = Array.isArray(value)
      ? [...value.entries()]
      : isObject(value as JsonObject)
        ? Object.entries(value as object)
        : [];
    return parts.flatMap(([key, part]) => [[...path, key], ...places(part, [...path, key])]);
  };
  const change = (root: JsonObject, path: readonly (string | number)[], by: JsonObject | string | null) => {
    let here: unknown = root;
    for (const part of path.slice(0, -1)) here = (here as Record<string | number, unknown> | undefined)?.[part];
    const last = path.at(-1) ?? '';
    if (Array.isArray(here)) here.splice(Number(last), by === 'insert' ? 0 : 1, ...(by === null ? [] : [by]));
    else if (typeof here === 'object' && here !== null && by === null) delete (here as JsonObject)[last];
    else if (typeof here === 'object' && here !== null) (here as JsonObject)[last] = by;
  };

  it.each(['monolith', 'istio-sidecar', 'grpc-front'])('of %s is what the text then says, anchors or not', (name) => {
    const text = bootstrapText({ name, extension: 'yaml' });
    const all = places(readDocument(text).root);
    const edits = fc.array(fc.tuple(fc.nat(all.length - 1), fc.constantFrom(null, 'insert', 'new')), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(edits, (chosen) => {
        const file = readDocument(text);
        for (const [index, by] of chosen)
          change(file.root, all[index] ?? [], by === 'new' ? { new: ['x', { y: 1 }] } : by);
        expect(parse(file.print(), { maxAliasCount: -1 })).toEqual(file.root);
      }),
      { numRuns: 40 },
    );
  });
});

describe('a text that is none', () => {
  const reading = (text: string) => {
    try {
      readDocument(text);
    } catch (error) {
      if (error instanceof DocumentError) return { message: error.message, offset: error.offset };
      throw error;
    }
    return null;
  };

  it.each([
    ['', 'is empty', undefined],
    ['- a\n', 'is not a mapping', 0],
    ['a: b: c\n', 'is not valid YAML', 3],
    ['a: 1\na: 2\n', 'Map keys must be unique', 5],
    ['a: *x\n', '*x names no anchor above it', 3],
    ['a: 1\n---\nb: 2\n', 'holds several YAML documents', undefined],
    ['a: &x [*x]\n', 'an alias of itself', undefined],
    ['{"a": 1,, }', 'is not valid YAML', 8],
    ['? [a]\n: 1\n', 'a key that is not plain text', 0],
  ])('%j: %s', (text, words, offset) => {
    const error = reading(text);
    expect(error?.message).toContain(words);
    if (offset !== undefined) expect(error?.offset).toBe(offset);
  });

  it('is refused when its aliases would ask for gigabytes', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
    for (let n = 1; n < 9; n += 1)
      lines.push(
        `a${n}: &a${n} [${Array(9)
          .fill(`*a${n - 1}`)
          .join(', ')}]`,
      );
    expect(reading(lines.join('\n'))?.message).toContain('too large');
  });
});

describe('positions', () => {
  it('are those of the key, or of the nearest thing around a value that is not there', () => {
    const file = readDocument('a:\n  - b: 1\n    c: &x { d: 2 }\ne: *x\n');
    expect(file.position(['a', 0, 'c', 'd'])).toEqual({ line: 3, column: 13 });
    expect(file.position(['a', 0, 'missing', 'more'])).toEqual({ line: 2, column: 5 });
    expect(file.position(['e', 'd'])).toEqual({ line: 3, column: 13 });
  });

  it('are there for JSON, and missing where tabs keep it from being YAML', () => {
    expect(readDocument('{\n  "a": [1,\n  2]\n}').position(['a', 1])).toEqual({ line: 3, column: 3 });
    expect(readDocument('{"a": {}}').position(['a'])).toEqual({ line: 1, column: 2 });
  });
});
