// People look a scenario up by its id. So each id of the list has a test that carries it: here, against the core, and for
// those that say so in test/envoy, through a real Envoy. Read from the tests' text, which is where people look.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROWS } from './ids.js';

/** Ids at the start of a string literal: `id: 'N3'`, `it('N3: ...')`, `it('N3, N4: ...')`. */
const NAMES = /['"`](?:\[)?((?:[NRIS]\d{1,2}(?:, | and )?)+)(?![\w])/g;
const COMMENTS = /^\s*(?:\/\/|\*|\/\*).*$/gm;

function idsIn(text: string): string[] {
  return [...text.replace(COMMENTS, '').matchAll(NAMES)].flatMap((match) => match[1]?.match(/[NRIS]\d{1,2}/g) ?? []);
}

function idsUnder(directory: string, except: readonly string[] = []): ReadonlySet<string> {
  const root = join(import.meta.dirname, directory);
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
  const tests = files.filter((name) => name.endsWith('.ts') && !except.includes(name));
  return new Set(tests.flatMap((name) => idsIn(readFileSync(join(root, name), 'utf8'))));
}

const missing = (rows: readonly { id: string }[], has: ReadonlySet<string>) =>
  rows.map(({ id }) => id).filter((id) => !has.has(id));

describe('the acceptance list', () => {
  it('has each of its ids once', () => {
    expect(new Set(ROWS.map(({ id }) => id)).size).toBe(ROWS.length);
    expect(ROWS).toHaveLength(57);
    expect(ROWS.filter(({ envoy }) => envoy)).toHaveLength(24);
  });

  it('has every row that needs no Envoy run against the core', () => {
    const has = idsUnder('.', ['ids.ts', 'coverage.test.ts']);
    expect(
      missing(
        ROWS.filter(({ core }) => core),
        has,
      ),
    ).toEqual([]);
  });

  it('has every row that says so run through a real Envoy', () => {
    expect(
      missing(
        ROWS.filter(({ envoy }) => envoy),
        idsUnder('../envoy'),
      ),
    ).toEqual([]);
  });

  it('has no row that it does not know', () => {
    const known = new Set(ROWS.map(({ id }) => id));
    const found = [...idsUnder('.', ['ids.ts', 'coverage.test.ts']), ...idsUnder('../envoy')];
    expect(found.filter((id) => !known.has(id))).toEqual([]);
  });
});

describe('reading ids', () => {
  it('finds them at the start of names, alone or several, and in rows', () => {
    expect(idsIn("it('N3: waits'); const row = { id: 'R14' }; it('I4, I5: statuses')")).toEqual([
      'N3',
      'R14',
      'I4',
      'I5',
    ]);
  });

  it('does not take a comment, a longer word or a longer number for one', () => {
    expect(idsIn("// it('N3: waits')\nconst a = 'S3cret', b = 'R123', c = 'INT';")).toEqual([]);
  });
});
