// YAML to plain values that remember the node they came from. Each alias becomes a copy of its own, so that a change
// made through one does not reach the others; `write-yaml.ts` puts the alias back where the copies are still alike.

import type { Alias, Document, Node, YAMLMap } from 'yaml';
import { isAlias, isMap, isNode, isScalar, isSeq, visit } from 'yaml';
import { DocumentError } from './error.js';
import type { Json, JsonObject } from './json.js';

/** Values after expansion of aliases; a large mesh's bootstrap has some ten thousand. */
const MAX_VALUES = 500_000;
const MAX_DEPTH = 200;

export interface Origins {
  /** Which node a mapping or list was read from; an alias, where it was read through one. */
  readonly nodes: ReadonlyMap<object, Node>;
  readonly targets: ReadonlyMap<Alias, Node>;
}

/** @throws DocumentError for an alias without anchor, a key that is not text, or too much of anything. */
export function readNodes(document: Document.Parsed): { readonly value: Json; readonly origins: Origins } {
  const reading = new Reading(uniqueAnchors(document));
  const value = reading.value(document.contents, 0);
  return { value, origins: { nodes: reading.nodes, targets: reading.targets } };
}

/**
 * What every alias means: the nearest earlier node with its anchor. A name that is given twice is changed, so that
 * it does not come to mean the other one when its neighbours move.
 */
function uniqueAnchors(document: Document.Parsed): ReadonlyMap<Alias, Node> {
  const anchored = new Map<string, Node>();
  const taken = new Set<string>();
  const targets = new Map<Alias, Node>();
  visit(document, {
    Alias(_key, alias) {
      const target = anchored.get(alias.source);
      if (target === undefined) throw new DocumentError(`*${alias.source} names no anchor above it`, alias.range?.[0]);
      targets.set(alias, target);
      alias.source = anchorOf(target);
    },
    Value(_key, node) {
      if (node.anchor === undefined) return;
      anchored.set(node.anchor, node);
      for (let name = node.anchor, n = 2; ; name = `${node.anchor}_${n++}`) {
        if (taken.has(name)) continue;
        taken.add(name);
        node.anchor = name;
        return;
      }
    },
  });
  return targets;
}

function anchorOf(node: Node): string {
  return isAlias(node) ? node.source : (node.anchor ?? '');
}

class Reading {
  readonly nodes = new Map<object, Node>();
  readonly targets: ReadonlyMap<Alias, Node>;
  #values = 0;

  constructor(targets: ReadonlyMap<Alias, Node>) {
    this.targets = targets;
  }

  /** `origin`: the alias through which this was reached. */
  value(node: unknown, depth: number, origin?: Node): Json {
    this.#values += 1;
    const offset = isNode(node) ? node.range?.[0] : undefined;
    if (this.#values > MAX_VALUES) throw new DocumentError('too large once its aliases are expanded', offset);
    if (depth > MAX_DEPTH) throw new DocumentError('nested too deeply, or an alias of itself', offset);
    if (isAlias(node)) return this.value(this.targets.get(node), depth + 1, origin ?? node);
    if (isMap(node)) return this.#map(node, depth, origin);
    if (isSeq(node)) {
      const list: Json[] = node.items.map((item) => this.value(item, depth + 1));
      this.nodes.set(list, origin ?? node);
      return list;
    }
    return isScalar(node) ? scalar(node.value, node.source) : null;
  }

  #map(node: YAMLMap, depth: number, origin: Node | undefined): JsonObject {
    const object: JsonObject = {};
    for (const pair of node.items) {
      const key = keyText(pair.key);
      if (key === null) throw new DocumentError('a key that is not plain text', node.range?.[0]);
      object[key] = this.value(pair.value, depth + 1);
    }
    this.nodes.set(object, origin ?? node);
    return object;
  }
}

/** Whole numbers too large for a number keep their digits: as text, which means the same to Envoy. */
function scalar(value: unknown, source: string | undefined): Json {
  if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER) return source ?? String(value);
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  return value === null || value === undefined ? null : String(value);
}

/** A plain scalar's own text; null for anything that is no scalar, and for the one name that no object may have. */
export function keyText(key: unknown): string | null {
  if (typeof key === 'string') return key;
  if (!isScalar(key)) return null;
  const text = typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
  return text === '__proto__' ? null : text;
}
