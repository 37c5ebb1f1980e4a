// The policies that users get from deploy/policies, for tests to run against: those very files, with single fields
// overridden where a case is about another value.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const DIRECTORY = join(import.meta.dirname, '../../deploy/policies');

type Mapping = Readonly<Record<string, unknown>>;

/** Names of the files, without their end. */
export function shippedPolicies(): string[] {
  const files = readdirSync(DIRECTORY).filter((name) => name.endsWith('.yaml'));
  return files.map((name) => name.slice(0, -'.yaml'.length)).sort();
}

export function shippedText(name: string): string {
  return readFileSync(join(DIRECTORY, `${name}.yaml`), 'utf8');
}

/** The file as a document, with the fields of `changes` over it. Mappings merge; lists and values replace. */
export function shippedPolicy(name: string, changes: Mapping = {}): Mapping {
  const document: unknown = parse(shippedText(name));
  if (!isMapping(document)) throw new Error(`${name}.yaml is no mapping`);
  return merged(document, changes);
}

function merged(base: Mapping, changes: Mapping): Mapping {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(changes)) {
    const before = result[key];
    result[key] = isMapping(before) && isMapping(value) ? merged(before, value) : value;
  }
  return result;
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
