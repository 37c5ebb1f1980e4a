// Which node every alias means, found in one pass in document order: the library looks each alias up by searching
// the document from its start, which a file full of aliases turns into quadratic time.

import { type Alias, type Document, type Node, visit } from 'yaml';

/** An alias means the nearest earlier node with its anchor. Aliases without one are left out. */
export function resolveAliases(document: Document.Parsed): ReadonlyMap<Alias, Node> {
  const anchored = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(document, {
    Alias(_key, alias) {
      const target = anchored.get(alias.source);
      if (target !== undefined) targets.set(alias, target);
    },
    Value(_key, node) {
      if (node.anchor !== undefined) anchored.set(node.anchor, node);
    },
  });
  return targets;
}
