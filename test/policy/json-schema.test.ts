import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { policyJsonSchema, policyJsonSchemaText } from '../../src/policy/json-schema.js';
import { badFixtures, fixtures, policyOf } from './support.js';

const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(policyJsonSchema());

/** As an editor sees a file: an empty one is not validated at all. */
function asEditor(text: string): unknown {
  return parse(text) ?? {};
}

describe('the JSON Schema', () => {
  it('is the one that is committed (npm run schema makes it)', () => {
    const path = join(import.meta.dirname, '../../deploy/policies/policy.schema.json');
    expect(readFileSync(path, 'utf8')).toBe(policyJsonSchemaText());
  });

  it.each(fixtures('good'))('accepts $name', ({ text }) => {
    expect(validate(asEditor(text)), JSON.stringify(validate.errors)).toBe(true);
  });

  it.each(badFixtures().filter(({ shape }) => shape))('refuses $name', ({ text }) => {
    expect(validate(asEditor(text))).toBe(false);
  });

  it('accepts what GET /policy shows', () => {
    for (const { text } of fixtures('good')) expect(validate(JSON.parse(JSON.stringify(policyOf(text))))).toBe(true);
  });

  it('has a text for every field, and a default for every field under defaults', () => {
    const silent: string[] = [];
    const walk = (schema: unknown, path: string) => {
      const { properties = {}, description } = Object(schema);
      const entries = Object.entries(properties);
      if (path !== '' && description === undefined) silent.push(path);
      const leaf = entries.length === 0 && path.startsWith('/defaults');
      if (leaf && path !== '/defaults/key/header' && Object(schema).default === undefined)
        silent.push(`${path} default`);
      for (const [name, inner] of entries) walk(inner, `${path}/${name}`);
    };
    walk(policyJsonSchema(), '');
    expect(silent).toEqual([]);
  });

  it('gives overrides no defaults of their own', () => {
    const { clusters, routes } = Object(policyJsonSchema().properties);
    expect(JSON.stringify([clusters.additionalProperties, routes.additionalProperties])).not.toContain('"default"');
  });
});
