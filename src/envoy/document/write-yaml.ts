// Brings a YAML document to the value that it should have and leaves everything else as it is: comments, quotes, order,
// anchors. Mappings and list items are known by identity, so an item put between two others moves neither.

import {
  type Alias,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  visit,
  YAMLMap,
  YAMLSeq,
} from 'yaml';
import { equal, isObject, type Json, type JsonObject } from './json.js';
import { keyText, type Origins } from './read-yaml.js';
import { compact } from './style.js';

/** `comments`: a line to put before a mapping that is new. Changes the document in place. */
export function writeNodes(
  document: Document.Parsed,
  value: Json,
  origins: Origins,
  comments: ReadonlyMap<object, string>,
): void {
  const writing = new Writing(document, origins, comments);
  document.contents = writing.write(document.contents ?? undefined, value) as typeof document.contents;
  writing.settleAliases();
  openUp(document, writing.added);
}

/** For what is written in the place of an alias: the nodes of its target, and their copies. */
type Copies = ReadonlyMap<unknown, Node>;
const NO_COPIES: Copies = new Map();

class Writing {
  readonly added = new Set<unknown>();
  /** Nodes that stand somewhere already. A node in two places would take what is written last in both. */
  readonly #placed = new Set<Node>();
  /** The values for which aliases were left standing: what they name may change afterwards. */
  readonly #meant = new Map<Alias, Json>();
  readonly #document: Document.Parsed;
  readonly #nodes: ReadonlyMap<object, Node>;
  readonly #targets: Map<Alias, Node>;
  readonly #comments: ReadonlyMap<object, string>;

  constructor(document: Document.Parsed, origins: Origins, comments: ReadonlyMap<object, string>) {
    this.#document = document;
    this.#nodes = origins.nodes;
    this.#targets = new Map(origins.targets);
    this.#comments = comments;
  }

  /** The node for `value`. `here`: what stands there now, for scalars. */
  write(here: Node | undefined, value: Json, copies: Copies = NO_COPIES): Node {
    if (typeof value === 'object' && value !== null) {
      const origin = this.#nodes.get(value);
      const node = copies.get(origin) ?? origin;
      return this.#collection(node !== undefined && this.#placed.has(node) ? undefined : node, value, copies);
    }
    if (here !== undefined && this.#plain(here) === value) return this.#leave(here, value);
    if (!isScalar(here)) return this.#create(value, copies);
    here.value = value;
    delete here.source;
    return here;
  }

  #collection(node: Node | undefined, value: Json[] | JsonObject, copies: Copies): Node {
    if (node === undefined) return this.#create(value, copies);
    this.#placed.add(node);
    if (!isAlias(node)) return this.#parts(node, value, copies);
    if (equal(this.#plain(node), value)) return this.#leave(node, value);
    const own = this.#copy(node);
    return this.#parts(own.node, value, own.copies);
  }

  #leave(node: Node, value: Json): Node {
    if (isAlias(node)) this.#meant.set(node, value);
    return node;
  }

  #parts(node: Node, value: Json[] | JsonObject, copies: Copies): Node {
    if (isMap(node) && isObject(value)) this.#map(node, value, copies);
    else if (isSeq(node) && Array.isArray(value)) this.#seq(node, value, copies);
    else return this.#create(value, copies);
    return node;
  }

  #map(node: YAMLMap, value: JsonObject, copies: Copies): void {
    const pairs = new Map(node.items.map((pair) => [keyText(pair.key) ?? '', pair] as const));
    node.items = Object.entries(value).map(([key, part]): Pair => {
      const pair = pairs.get(key);
      if (pair === undefined) return this.#newPair(key, part, copies);
      pair.value = this.write(isNode(pair.value) ? pair.value : undefined, part, copies);
      return pair;
    });
  }

  #seq(node: YAMLSeq, value: Json[], copies: Copies): void {
    const scalars = node.items.filter((item): item is Node => isNode(item) && this.#isScalar(item));
    node.items = value.map((part) => {
      if (typeof part === 'object' && part !== null) return this.write(undefined, part, copies);
      const index = scalars.findIndex((item) => this.#plain(item) === part);
      const [kept] = index < 0 ? [] : scalars.splice(index, 1);
      return kept === undefined ? this.#create(part, copies) : this.#leave(kept, part);
    });
  }

  #isScalar(node: Node): boolean {
    return isScalar(isAlias(node) ? this.#targets.get(node) : node);
  }

  #newPair(key: string, value: Json, copies: Copies): Pair {
    const pair = this.#document.createPair(key, null) as Pair;
    pair.value = this.write(undefined, value, copies);
    this.added.add(pair);
    return pair;
  }

  /** New, but for the parts of it that stood somewhere before: these come with their comments. */
  #create(value: Json, copies: Copies): Node {
    const node = this.#fresh(value, copies);
    if (typeof value === 'object' && value !== null && !this.#isMoved(value)) compact(node, value);
    const comment = typeof value === 'object' && value !== null ? this.#comments.get(value) : undefined;
    if (comment !== undefined) node.commentBefore = ` ${comment}`;
    this.added.add(node);
    return node;
  }

  /** Does it hold anything that stood somewhere before, and may have comments? */
  #isMoved(value: Json[] | JsonObject): boolean {
    return Object.values(value).some((part) => {
      return typeof part === 'object' && part !== null && (this.#nodes.has(part) || this.#isMoved(part));
    });
  }

  #fresh(value: Json, copies: Copies): Node {
    if (typeof value !== 'object' || value === null) return this.#document.createNode(value) as Node;
    if (Array.isArray(value)) {
      const list = new YAMLSeq();
      list.items = value.map((part) => this.write(undefined, part, copies));
      return list as Node;
    }
    const map = new YAMLMap();
    map.items = Object.entries(value).map(([key, part]) => this.#newPair(key, part, copies));
    return map as Node;
  }

  /** What an alias stands for, as a node of its own. Anchors stay with the first. */
  #copy(alias: Alias): { readonly node: Node; readonly copies: Copies } {
    const target = this.#targets.get(alias);
    if (target === undefined || isAlias(target))
      return { node: this.#create(this.#plain(alias), NO_COPIES), copies: NO_COPIES };
    const node = target.clone() as Node;
    const copies = new Map<unknown, Node>();
    this.#pairUp(target, node, copies);
    return { node, copies };
  }

  #pairUp(original: unknown, copy: unknown, copies: Map<unknown, Node>): void {
    if (!isNode(original) || !isNode(copy)) return;
    copies.set(original, copy);
    if (isAlias(original) && isAlias(copy)) {
      const target = this.#targets.get(original);
      if (target !== undefined) this.#targets.set(copy, target);
      return;
    }
    delete copy.anchor;
    if (isMap(original) && isMap(copy)) {
      for (const [index, pair] of original.items.entries()) this.#pairUp(pair.value, copy.items[index]?.value, copies);
    } else if (isSeq(original) && isSeq(copy)) {
      for (const [index, item] of original.items.entries()) this.#pairUp(item, copy.items[index], copies);
    }
  }

  #plain(node: Node): Json {
    if (isAlias(node)) {
      const target = this.#targets.get(node);
      return target === undefined ? null : this.#plain(target);
    }
    if (isMap(node)) {
      return Object.fromEntries(
        node.items.map((pair) => [keyText(pair.key) ?? '', isNode(pair.value) ? this.#plain(pair.value) : null]),
      );
    }
    if (isSeq(node)) return node.items.map((item) => (isNode(item) ? this.#plain(item) : null));
    return isScalar(node) ? scalarOf(node.value, node.source) : null;
  }

  /** An anchor may have gone, have changed or stand below its alias now: then the alias becomes what it stood for. */
  settleAliases(): void {
    const defined = new Map<string, Node>();
    visit(this.#document, {
      Alias: (_key, alias) => {
        const value = this.#meant.get(alias) ?? this.#plain(alias);
        const target = defined.get(alias.source);
        if (target !== undefined && equal(this.#plain(target), value)) return undefined;
        const copy = this.#create(value, NO_COPIES);
        if (target === undefined && !isAlias(copy)) copy.anchor = alias.source;
        return copy;
      },
      Value: (_key, node) => {
        if (node.anchor === undefined) return;
        if (defined.has(node.anchor)) delete node.anchor;
        else defined.set(node.anchor, node);
      },
    });
  }
}

function scalarOf(value: unknown, source: string | undefined): Json {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER) return source ?? String(value);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

/** A mapping written in braces that was given a mapping or list becomes lines: it would be one very long one. */
function openUp(document: Document.Parsed, added: ReadonlySet<unknown>): void {
  visit(document, (_key, node, ancestors) => {
    if (!added.has(node) || isScalar(node) || (isPair(node) && !isCollection(node.value))) return;
    for (const ancestor of ancestors) if (isCollection(ancestor) && !added.has(ancestor)) ancestor.flow = false;
  });
}
