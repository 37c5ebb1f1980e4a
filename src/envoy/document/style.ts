// How a YAML text is laid out, so that what is written looks like what was read. The library has one setting for the
// whole text where people have habits, so two of them are kept collection by collection.

import {
  type Document,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  type Node,
  visit,
  type YAMLSeq,
} from 'yaml';
import type { Json, JsonObject } from './json.js';

/** Characters of a collection that may stand in one line. */
const SHORT = 72;

/** How far lists stand in from their keys, and what an indentation is. */
export function layoutOf(text: string): { readonly indent: number; readonly indentSeq: boolean } {
  const nested = /^([ ]*)[^\s#-][^\n]*:[ ]*\n(?:[ ]*#[^\n]*\n|[ ]*\n)*([ ]*)- /m.exec(text);
  const indentSeq = nested === null || (nested[2]?.length ?? 0) > (nested[1]?.length ?? 0);
  const mapping = /^[^\s#-][^\n]*:[ ]*\n(?:[ ]*#[^\n]*\n|[ ]*\n)*([ ]+)[^\s#]/m.exec(text);
  return { indent: Math.min(8, mapping?.[1]?.length ?? 2), indentSeq };
}

/** To be called before anything is changed: the ranges of the nodes are those of `text`. */
export function keepHabits(document: Document.Parsed, text: string): void {
  visit(document, {
    Node(_key, node, ancestors) {
      if (isCollection(node) && node.flow === true) keepPadding(node, text);
      if (isMap(node) && node.anchor !== undefined && isPair(ancestors.at(-1))) lowerComment(node);
      if (isSeq(node)) handComment(node);
      if (isScalar(node)) keepDigits(node);
    },
  });
}

/** `[a]` stays `[a]` beside `{ b: c }`. */
function keepPadding(node: Node, text: string): void {
  const start = node.range?.[0];
  if (start !== undefined) pad(node, text[start + 1] === ' ' ? ' ' : '');
}

/** What stands between the brackets of a collection and its items. */
function pad(node: Node, flowCollectionPadding: '' | ' '): void {
  const print = node.toString;
  // Not an arrow: a copy of this node prints itself.
  node.toString = function (this: Node, context, ...rest) {
    return print.call(this, context === undefined ? context : { ...context, flowCollectionPadding }, ...rest);
  };
}

/** Writes a new collection in one line, if that is a short one and hides no type. */
export function compact(node: Node, value: Json[] | JsonObject): void {
  const text = JSON.stringify(value);
  if (!isCollection(node) || node.items.length === 0 || text.length > SHORT || text.includes('"@type"')) return;
  node.flow = true;
  pad(node, isMap(node) ? ' ' : '');
}

/** A comment on a mapping with an anchor would be printed above the anchor, which then needs a line of its own. */
function lowerComment(node: Node): void {
  const first = isMap(node) ? node.items[0]?.key : undefined;
  const { commentBefore } = node;
  if (!isNode(first) || typeof commentBefore !== 'string' || isCollection(first)) return;
  first.commentBefore = commentBefore;
  node.commentBefore = null;
}

/** A comment before a list's first item is about that item, also when it is no longer the first. */
function handComment(node: YAMLSeq): void {
  const [first] = node.items;
  const { commentBefore } = node;
  if (!isNode(first) || typeof commentBefore !== 'string' || node.flow === true || first.commentBefore) return;
  first.commentBefore = commentBefore;
  node.commentBefore = null;
}

/** A number that JavaScript cannot hold would lose digits. */
function keepDigits(node: Node): void {
  if (!isScalar(node) || typeof node.value !== 'number' || Math.abs(node.value) <= Number.MAX_SAFE_INTEGER) return;
  if (node.source !== undefined && /^\d+$/.test(node.source)) node.value = BigInt(node.source);
}
