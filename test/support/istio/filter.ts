// EnvoyFilters as files, read for the applier: only what it can apply gets in, so that a patch which it does not know is an
// error of the test and never a patch that was left out.

import { parseAllDocuments } from 'yaml';
import { type Json, type JsonObject, list, object } from '../bootstrap.js';

export type Context = 'SIDECAR_OUTBOUND' | 'SIDECAR_INBOUND' | 'GATEWAY';

const TARGETS = ['CLUSTER', 'NETWORK_FILTER', 'HTTP_FILTER', 'VIRTUAL_HOST', 'HTTP_ROUTE'] as const;
export type Target = (typeof TARGETS)[number];

const OPERATIONS = ['MERGE', 'ADD', 'INSERT_BEFORE', 'INSERT_AFTER', 'INSERT_FIRST', 'REPLACE', 'REMOVE'] as const;
export type Operation = (typeof OPERATIONS)[number];

export interface Patch {
  readonly filter: string;
  readonly index: number;
  readonly applyTo: Target;
  /** ANY where the filter names none. */
  readonly context: Context | 'ANY';
  readonly match: JsonObject;
  readonly operation: Operation;
  readonly value: JsonObject;
  /** How often it was applied. */
  applied: number;
}

/** All patches of all EnvoyFilters in the text, in order. @throws Error that names what the applier does not know. */
export function readFilters(text: string): Patch[] {
  return parseAllDocuments(text).flatMap((document) => {
    const [problem] = document.errors;
    if (problem !== undefined) throw problem;
    // Through text: an anchor is one object wherever it stands, and each patch is merged by itself.
    return patchesOf(object(JSON.parse(JSON.stringify(document.toJS())) as Json));
  });
}

function patchesOf(resource: JsonObject): Patch[] {
  const name = String(object(resource.metadata).name);
  if (resource.kind !== 'EnvoyFilter') throw new Error(`${name} is a ${resource.kind}, not an EnvoyFilter`);
  return list(object(resource.spec).configPatches).map((each, index) => {
    const match = object(each.match ?? {});
    const { operation, value = {} } = object(each.patch);
    return {
      filter: name,
      index,
      applyTo: oneOf(TARGETS, each.applyTo),
      context: oneOf(['SIDECAR_OUTBOUND', 'SIDECAR_INBOUND', 'GATEWAY', 'ANY'] as const, match.context ?? 'ANY'),
      match,
      operation: oneOf(OPERATIONS, operation),
      value: object(value),
      applied: 0,
    };
  });
}

function oneOf<T extends string>(known: readonly T[], value: Json | undefined): T {
  const found = known.find((each) => each === value);
  if (found === undefined) throw new Error(`the applier knows ${known.join(', ')}, not ${JSON.stringify(value)}`);
  return found;
}

export function nameOf(patch: Patch): string {
  return `${patch.filter}[${patch.index}] (${patch.applyTo} ${patch.operation})`;
}
