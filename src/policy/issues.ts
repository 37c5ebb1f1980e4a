// The schema's complaints, one per mistake and in our words: an unknown key is reported by itself, at its own
// place, with the word that was probably meant, and a key in the wrong section says which section and why.

import { z } from 'zod';
import { type Finding, type Path, show } from './problems.js';
import { nearest } from './suggest.js';

/** Keys that people will look for on a route, and why they are not there. Checked before any spelling advice. */
const MISPLACED: readonly { readonly path: readonly string[]; readonly message: string }[] = [
  {
    path: ['routes', '*', 'circuit'],
    message: 'a circuit belongs to a cluster, since all its routes share the same hosts; set it under clusters',
  },
  {
    path: ['routes', '*', 'retry', 'budget'],
    message: 'a retry budget belongs to a cluster, since it protects what all routes share; set it under clusters',
  },
];

/** Every issue of the schema as findings; the same text for the same place only once. */
export function findingsOf(error: z.ZodError, schema: z.ZodType): Finding[] {
  const seen = new Set<string>();
  return error.issues
    .flatMap((issue) => toFindings(issue, schema))
    .filter((finding) => {
      const identity = JSON.stringify([finding.path, finding.message]);
      return !seen.has(identity) && seen.add(identity);
    });
}

function toFindings(issue: z.core.$ZodIssue, schema: z.ZodType): Finding[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  if (issue.code === 'unrecognized_keys') {
    const known = fieldsAt(schema, path);
    return issue.keys.map((key) => unknownKey([...path, key], key, known));
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.slice(0, 1).map(({ message }) => ({ path, message: `the key ${message}`, atKey: true }));
  }
  return [{ path, message: issue.message }];
}

function unknownKey(path: Path, key: string, known: Fieldset): Finding {
  const misplaced = MISPLACED.find((entry) => fits(entry.path, path));
  return { path, message: misplaced?.message ?? advice(key, known), atKey: true };
}

function fits(pattern: readonly string[], path: Path): boolean {
  return pattern.length === path.length && pattern.every((part, index) => part === '*' || part === path[index]);
}

function advice(key: string, known: Fieldset): string {
  const group = Object.entries(known).find(([, inner]) => inner.includes(key));
  if (group !== undefined) return `is not a key of this mapping; move it under ${group[0]}`;
  const names = Object.keys(known);
  const near = nearest(key, names);
  if (near !== null) return `is not a known key; did you mean ${near}?`;
  return `is not a known key; known here: ${names.join(', ') || show('')}`;
}

/** The keys of a mapping, each with the keys inside it. */
type Fieldset = Readonly<Record<string, readonly string[]>>;

function fieldsAt(schema: z.ZodType, path: Path): Fieldset {
  let at: z.core.$ZodType | undefined = bare(schema);
  for (const part of path) at = at === undefined ? undefined : bare(child(at, part));
  if (!(at instanceof z.ZodObject)) return {};
  return Object.fromEntries(Object.entries(at.shape).map(([key, field]) => [key, innerKeys(field)]));
}

function innerKeys(field: z.core.$ZodType): readonly string[] {
  const inner = bare(field);
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}

function child(schema: z.core.$ZodType, part: string | number): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodObject) return Object.hasOwn(schema.shape, part) ? schema.shape[part] : undefined;
  if (schema instanceof z.ZodRecord) return schema.valueType;
  return schema instanceof z.ZodArray ? schema.element : undefined;
}

function bare(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  const wrapped = schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault;
  return wrapped ? bare(schema.unwrap()) : schema;
}
