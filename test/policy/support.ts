// What the policy tests share: a policy from text that must load, the problems of text that must not, and the
// fixtures. A test that means "this loads" should fail with the problems, not with a type error.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parsePolicy } from '../../src/policy/load.js';
import { formatProblem } from '../../src/policy/problems.js';
import type { Policy } from '../../src/policy/resolve.js';

export interface Loaded {
  readonly policy: Policy;
  readonly warnings: readonly string[];
}

export function load(text: string): Loaded {
  const result = parsePolicy(text, 'policy.yaml');
  if (result.ok) return result;
  throw new Error(`expected a good policy:\n${result.problems.map(formatProblem).join('\n')}`);
}

export function policyOf(text: string): Policy {
  return load(text).policy;
}

/** One line for each problem, without the file's name; empty where the text is a good policy. */
export function problemsOf(text: string): string[] {
  const result = parsePolicy(text, 'F');
  return result.ok ? [] : result.problems.map((problem) => formatProblem(problem).replace(/^F:? ?/, ''));
}

export interface Fixture {
  readonly name: string;
  readonly text: string;
}

export function fixtures(kind: 'good' | 'bad'): Fixture[] {
  const directory = join(import.meta.dirname, kind);
  const names = readdirSync(directory).filter((name) => name.endsWith('.yaml'));
  return names.map((name) => ({ name, text: readFileSync(join(directory, name), 'utf8') }));
}

export interface BadFixture extends Fixture {
  /** `LINE:COL path: message`, in order. */
  readonly expected: readonly string[];
  /** The mistake is one of shape, which the JSON Schema has to refuse as well. */
  readonly shape: boolean;
}

/** A bad fixture states in comments at its top what must be said about it. */
export function badFixtures(): BadFixture[] {
  return fixtures('bad').map(({ name, text }) => {
    const lines = text.split('\n');
    const expected = lines.filter((line) => line.startsWith('# expect: ')).map((line) => line.slice(10));
    return { name, text, expected, shape: lines.includes('# shape') };
  });
}
