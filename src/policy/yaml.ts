// YAML to plain values, with the line and column of everything. Our own walk over the syntax tree instead of the
// library's `toJS`, for three reasons: every duplicate key is found in linear time, aliases are expanded under a
// bound (a few lines of YAML can otherwise ask for gigabytes), and keys keep their text (`1.0` is a fine name).

import type { Document, Pair, YAMLMap } from 'yaml';
import { type Alias, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from 'yaml';
import { resolveAliases } from './yaml-aliases.js';

/** The policy is six levels deep; more is a mistake or an attack. */
const MAX_DEPTH = 32;
/** Values after expansion of aliases. */
const MAX_VALUES = 100_000;

export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface TextProblem extends Position {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Where a value stands in the text, and where its parts do. */
export interface Located {
  readonly offset: number;
  /** undefined for scalars, which are nearly all of what there is. */
  parts?: Map<string | number, LocatedPart>;
}

export interface LocatedPart {
  readonly keyOffset: number;
  readonly value: Located;
}

export interface YamlText {
  readonly value: unknown;
  readonly root: Located;
  readonly problems: readonly TextProblem[];
  /** The text could not be understood well enough to say anything about its content. */
  readonly fatal: boolean;
  position(offset: number): Position;
}

/** Reads one YAML document; an empty one is an empty mapping. Never throws. */
export function readYaml(text: string): YamlText {
  const lines = new LineCounter();
  const position = (offset: number): Position => {
    const found = lines.linePos(offset);
    return found.line === 0 ? { line: 1, column: 1 } : { line: found.line, column: found.col };
  };
  const documents = [...parseAllDocuments(text, { lineCounter: lines, uniqueKeys: false, prettyErrors: false })];
  const problems = documents.flatMap((document) => syntaxProblems(document, position));
  const second = documents[1];
  if (second !== undefined) {
    const at = position(second.contents?.range?.[0] ?? second.range[0]);
    const message = 'a second YAML document starts here; a policy is one document, so remove it and its `---`';
    problems.push({ path: [], message, ...at });
  }
  if (problems.length > 0) return { value: {}, root: { offset: 0 }, problems, fatal: true, position };
  return new Walk(documents[0], position).read();
}

function syntaxProblems(document: Document.Parsed, position: (offset: number) => Position): TextProblem[] {
  const mistakes = [...document.errors, ...document.warnings].slice(0, 50);
  return mistakes.map(({ message, pos }) => {
    const text = /call stack/.test(message) ? 'nested too deeply' : message;
    return { path: [], message: `not valid YAML: ${text}; correct the syntax here`, ...position(pos[0]) };
  });
}

/** Thrown inside this module only, to leave a walk that has become too large. */
class TooLarge extends Error {}

class Walk {
  readonly #document: Document.Parsed | undefined;
  readonly #position: (offset: number) => Position;
  readonly #targets: ReadonlyMap<Alias, Node>;
  readonly #problems: TextProblem[] = [];
  #values = 0;

  constructor(document: Document.Parsed | undefined, position: (offset: number) => Position) {
    this.#document = document;
    this.#position = position;
    this.#targets = document === undefined ? new Map() : resolveAliases(document);
  }

  read(): YamlText {
    const contents = this.#document?.contents ?? null;
    const root: Located = { offset: contents?.range?.[0] ?? 0 };
    try {
      const empty = contents === null || (isScalar(contents) && contents.value === null);
      const value = empty ? {} : this.#value(contents, root, []);
      return { value, root, problems: this.#problems, fatal: false, position: this.#position };
    } catch (error) {
      if (!(error instanceof TooLarge)) throw error;
      return { value: {}, root, problems: this.#problems, fatal: true, position: this.#position };
    }
  }

  /** undefined: already reported, to be left out. */
  #value(node: unknown, at: Located, path: readonly (string | number)[]): unknown {
    this.#values++;
    if (this.#values > MAX_VALUES) this.#give(at, path, 'too large once its aliases are expanded; use fewer aliases');
    if (path.length > MAX_DEPTH) this.#give(at, path, 'nested too deeply (or an alias of itself); flatten it');
    if (isAlias(node)) return this.#alias(node, at, path);
    if (isMap(node)) return this.#map(node, at, path);
    if (isSeq(node)) {
      const items = node.items.map((item, index) => this.#part(at, index, item, offsetOf(item, at), path));
      return items.filter((item) => item !== undefined);
    }
    return isScalar(node) ? node.value : null;
  }

  #alias(node: Alias, at: Located, path: readonly (string | number)[]): unknown {
    const target = this.#targets.get(node);
    if (target !== undefined) return this.#value(target, at, path);
    this.#report(at.offset, path, `*${node.source} names an anchor that does not exist before it; define it above`);
    return undefined;
  }

  #map(node: YAMLMap, at: Located, path: readonly (string | number)[]): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    for (const pair of node.items) {
      const keyOffset = offsetOf(pair.key, at);
      const key = this.#key(pair, keyOffset, at, path);
      const part = key === null ? undefined : this.#part(at, key, pair.value, keyOffset, path);
      if (key !== null && part !== undefined) value[key] = part;
    }
    return value;
  }

  /** The key's text, or null where it cannot be used; then its value is left out. */
  #key(pair: Pair, offset: number, at: Located, path: readonly (string | number)[]): string | null {
    const key = keyText(pair.key);
    const complaint = keyComplaint(key);
    if (key === null || complaint !== null) {
      this.#report(offset, key === null ? path : [...path, key], complaint ?? '');
      return null;
    }
    const first = at.parts?.get(key);
    if (first === undefined) return key;
    const line = this.#position(first.keyOffset).line;
    this.#report(offset, [...path, key], `is given twice, first on line ${line}; keep one of the two`);
    return null;
  }

  #part(at: Located, key: string | number, node: unknown, keyOffset: number, path: readonly (string | number)[]) {
    const part: Located = { offset: isNode(node) ? (node.range?.[0] ?? keyOffset) : keyOffset };
    at.parts ??= new Map();
    at.parts.set(key, { keyOffset, value: part });
    return this.#value(node, part, [...path, key]);
  }

  #report(offset: number, path: readonly (string | number)[], message: string): void {
    this.#problems.push({ path, message, ...this.#position(offset) });
  }

  #give(at: Located, path: readonly (string | number)[], message: string): never {
    this.#report(at.offset, path.slice(0, 8), message);
    throw new TooLarge();
  }
}

function offsetOf(node: unknown, otherwise: Located): number {
  return isNode(node) ? (node.range?.[0] ?? otherwise.offset) : otherwise.offset;
}

/** A plain scalar's own text, so that the names `1.0` and `true` stay what was written. */
function keyText(key: unknown): string | null {
  if (!isScalar(key)) return null;
  if (typeof key.value === 'string') return key.value;
  return key.value === null ? null : (key.source ?? String(key.value));
}

function keyComplaint(key: string | null): string | null {
  if (key === null) return 'has a key that is not plain text; write a name before the colon';
  if (key === '__proto__') return 'cannot be used as a name; choose another';
  if (key === '<<') return 'is a merge key, which YAML 1.2 does not have; alias the whole mapping or repeat its fields';
  return null;
}
