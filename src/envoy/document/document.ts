// A file that is read, changed as plain values and written again in its own format. Unchanged, it is written byte for byte.

import { type Document, isMap, isNode, isSeq, LineCounter, type Node, parseAllDocuments } from 'yaml';
import type { Path } from '../../policy/problems.js';
import { DocumentError } from './error.js';
import { equal, isObject, type Json, type JsonObject } from './json.js';
import { keyText, type Origins, readNodes } from './read-yaml.js';
import { keepHabits, layoutOf } from './style.js';
import { writeNodes } from './write-yaml.js';

export interface TextPosition {
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

export interface BootstrapFile {
  /** To be changed in place. */
  readonly root: JsonObject;
  readonly format: 'yaml' | 'json';
  /** Of the value at a path as it was read, or of the nearest thing around it; null where the file has no lines to name. */
  position(path: Path): TextPosition | null;
  /** The text with `root` as it is now. `comments`: a line to put before a mapping that is new (YAML only). */
  print(comments?: ReadonlyMap<object, string>): string;
}

/** @throws DocumentError with the offset of the mistake; `positionOf` tells its line. */
export function readDocument(text: string): BootstrapFile {
  if (text.trim() === '') throw new DocumentError('is empty; give an Envoy bootstrap as YAML or JSON');
  const json = readJson(text);
  return json === undefined ? new YamlFile(text) : new JsonFile(text, json);
}

export function positionOf(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

/** undefined: no JSON. Text that only looks like it goes to the YAML reader, which says where its mistake is. */
function readJson(text: string): Json | undefined {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(text.replace(LONG_NUMBERS, keepDigits)) as Json;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Strings, so that numbers inside them are passed over, and whole numbers of sixteen digits or more. */
const LONG_NUMBERS = /"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g;

/** A number that JavaScript cannot hold would lose digits. As text it means the same to Envoy. */
function keepDigits(token: string): string {
  return token.startsWith('"') || Number.isSafeInteger(Number(token)) ? token : `"${token}"`;
}

function rootOf(value: Json): JsonObject {
  if (isObject(value)) return value;
  throw new DocumentError('is not a mapping; give an Envoy bootstrap as YAML or JSON', 0);
}

class JsonFile implements BootstrapFile {
  readonly root: JsonObject;
  readonly format = 'json';
  readonly #text: string;
  readonly #before: Json;
  #nodes: Nodes | null | undefined;

  constructor(text: string, value: Json) {
    this.root = rootOf(value);
    this.#text = text;
    this.#before = structuredClone(value);
  }

  position(path: Path): TextPosition | null {
    // JSON is YAML, save for tabs in some places: then there are no lines to name.
    this.#nodes ??= Nodes.of(this.#text);
    return this.#nodes?.position(path) ?? null;
  }

  print(): string {
    if (equal(this.root, this.#before)) return this.#text;
    const indent = /^\{\r?\n([ \t]+)/.exec(this.#text.trimStart())?.[1] ?? '';
    return JSON.stringify(this.root, null, indent) + (this.#text.endsWith('\n') ? '\n' : '');
  }
}

class YamlFile implements BootstrapFile {
  readonly root: JsonObject;
  readonly format = 'yaml';
  readonly #text: string;
  readonly #before: Json;
  readonly #origins: Origins;
  readonly #nodes: Nodes;

  constructor(text: string) {
    this.#text = text;
    this.#nodes = new Nodes(text);
    const [mistake] = this.#nodes.document.errors;
    if (mistake !== undefined) throw new DocumentError(`is not valid YAML: ${mistake.message}`, mistake.pos[0]);
    if (this.#nodes.count > 1) throw new DocumentError('holds several YAML documents; a bootstrap is one');
    const { value, origins } = readNodes(this.#nodes.document);
    this.root = rootOf(value);
    this.#before = structuredClone(value);
    this.#origins = origins;
  }

  position(path: Path): TextPosition | null {
    return this.#nodes.position(path, this.#origins);
  }

  print(comments: ReadonlyMap<object, string> = new Map()): string {
    if (equal(this.root, this.#before)) return this.#text;
    const { document } = this.#nodes;
    keepHabits(document, this.#text);
    writeNodes(document, this.root, this.#origins, comments);
    return document.toString({ lineWidth: 0, ...layoutOf(this.#text) });
  }
}

class Nodes {
  readonly document: Document.Parsed;
  readonly count: number;
  readonly #lines = new LineCounter();

  static of(text: string): Nodes | null {
    const nodes = new Nodes(text);
    return nodes.document.errors.length > 0 ? null : nodes;
  }

  constructor(text: string) {
    const documents = [...parseAllDocuments(text, { lineCounter: this.#lines, prettyErrors: false })];
    const [first] = documents;
    if (first === undefined) throw new DocumentError('is empty; give an Envoy bootstrap as YAML or JSON');
    this.document = first;
    this.count = documents.length;
  }

  position(path: Path, origins?: Origins): TextPosition {
    let here: unknown = this.document.contents;
    let offset = isNode(here) ? (here.range?.[0] ?? 0) : 0;
    for (const part of path) {
      const next = child(resolve(here, origins), part);
      if (next === undefined) break;
      offset = next.offset;
      here = next.value;
    }
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
}

function resolve(node: unknown, origins: Origins | undefined): unknown {
  let here = node;
  for (;;) {
    const target: Node | undefined = origins?.targets.get(here as never);
    if (target === undefined) return here;
    here = target;
  }
}

function child(node: unknown, part: string | number): { value: unknown; offset: number } | undefined {
  if (isSeq(node) && typeof part === 'number') return located(node.items[part], node.items[part]);
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => keyText(key) === part);
  return pair === undefined ? undefined : located(pair.value, pair.key);
}

function located(value: unknown, at: unknown): { value: unknown; offset: number } | undefined {
  const offset = isNode(at) ? at.range?.[0] : undefined;
  return offset === undefined ? undefined : { value, offset };
}
