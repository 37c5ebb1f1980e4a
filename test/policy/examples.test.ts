// The policies that we ship are the first that anybody tries: each must load without a word, in the loader and in
// an editor.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { policyJsonSchema } from '../../src/policy/json-schema.js';
import { load } from './support.js';

const directory = join(import.meta.dirname, '../../deploy/policies');
const examples = readdirSync(directory)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => ({ name, text: readFileSync(join(directory, name), 'utf8') }));

describe('the policies that are shipped', () => {
  it('are there', () => {
    expect(examples.length).toBeGreaterThan(0);
  });

  it.each(examples)('$name loads without a warning', ({ text }) => {
    expect(load(text).warnings).toEqual([]);
  });

  it.each(examples)('$name is what the JSON Schema describes', ({ text }) => {
    const validate = new Ajv({ allowUnionTypes: true }).compile(policyJsonSchema());
    expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true);
  });

  it.each(examples)('$name loads again from what GET /policy shows', ({ text }) => {
    const first = load(text).policy;
    expect(load(JSON.stringify(first)).policy.toJSON()).toEqual(first.toJSON());
  });
});
