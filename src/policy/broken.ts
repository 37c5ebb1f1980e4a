// One bad field must not hide what is wrong with the others: the bad ones are taken out, the rest is judged on, and
// nothing is concluded from what is missing then.

import type { z } from 'zod';
import type { IsBroken } from './checks.js';
import type { Finding, Path } from './problems.js';

/** Rounds of taking out what the schema refuses. One is enough for a value, two for a missing one. */
const ROUNDS = 8;

export interface Remainder<T> {
  /** null where nothing could be saved. */
  readonly data: T | null;
  readonly isBroken: IsBroken;
}

/** What is left of `value` without the parts that `findings` complain about. */
export function withoutBroken<T>(value: unknown, schema: z.ZodType<T>, findings: readonly Finding[]): Remainder<T> {
  const rest: unknown = structuredClone(value);
  const broken = new PathSet();
  let paths: readonly Path[] = findings.map(({ path }) => path);
  for (let round = 0; round < ROUNDS; round++) {
    for (const path of paths) broken.add(remove(rest, path));
    const parsed = schema.safeParse(rest);
    if (parsed.success) return { data: parsed.data, isBroken: (path) => broken.touches(path) };
    paths = parsed.error.issues.map(({ path }) => path.map((part) => (typeof part === 'number' ? part : String(part))));
  }
  return { data: null, isBroken: () => true };
}

/** Takes out the value at the path, or what contains it where it is missing or in a list; gives back what went. */
function remove(root: unknown, path: Path): Path {
  let owner = root;
  let deepest: { readonly owner: Record<string, unknown>; readonly key: string; readonly path: Path } | null = null;
  for (const [index, part] of path.entries()) {
    if (!isMapping(owner) || typeof part === 'number' || !Object.hasOwn(owner, part)) break;
    deepest = { owner, key: part, path: path.slice(0, index + 1) };
    owner = owner[part];
  }
  if (deepest === null) return path;
  delete deepest.owner[deepest.key];
  return deepest.path;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Answers in time that grows with the depth of a path, not with the number of paths. */
class PathSet {
  readonly #members = new Set<string>();
  readonly #ancestors = new Set<string>();

  add(path: Path): void {
    this.#members.add(JSON.stringify(path));
    for (let length = 0; length <= path.length; length++) this.#ancestors.add(JSON.stringify(path.slice(0, length)));
  }

  /** Is the path, something in it, or something that contains it a member? */
  touches(path: Path): boolean {
    if (this.#ancestors.size === 0) return false;
    if (this.#ancestors.has(JSON.stringify(path))) return true;
    return path.some((_, index) => this.#members.has(JSON.stringify(path.slice(0, index))));
  }
}
