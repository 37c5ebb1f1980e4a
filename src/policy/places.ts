// The file as a list of places that may set a field (defaults, a cluster, a target, a route), each flattened to
// `circuit.open.base -> 5s`. Merging, ceilings, cross-field checks, origins and warnings are then all the same
// loop over one map instead of five recursions over five nested shapes.

import type { Ceilings, Effective } from './schema.js';

/** What one place sets: dotted field to value in the file's notation. Lists are whole; byStatus is per status. */
export type Fields = ReadonlyMap<string, unknown>;

export interface Place {
  /** From the root of the file; empty for the built-in defaults. */
  readonly path: readonly string[];
  /** How this place is named as an origin: `default`, `defaults`, `clusters.<pattern>`, ... */
  readonly from: string;
  readonly fields: Fields;
  /** Fields that were brought under a ceiling. */
  readonly lowered: ReadonlySet<string>;
}

export interface ClusterPlace extends Place {
  readonly pattern: string;
  readonly targets: ReadonlyMap<string, Place>;
}

export interface RoutePlace extends Place {
  readonly pattern: string;
  /** The cluster that a `cluster_header` route starts from; null: not given. */
  readonly cluster: string | null;
}

export interface Places {
  readonly ceilings: Ceilings;
  readonly builtin: Place;
  readonly defaults: Place;
  readonly clusters: ReadonlyMap<string, ClusterPlace>;
  readonly routes: ReadonlyMap<string, RoutePlace>;
}

/** Every place that the file itself has, in its order. */
export function* placesOf(places: Places): Generator<Place> {
  yield places.defaults;
  for (const cluster of places.clusters.values()) {
    yield cluster;
    yield* cluster.targets.values();
  }
  yield* places.routes.values();
}

/** The fields of every given place, the later over the earlier. */
export function effective(stack: readonly Place[]): Effective {
  const merged = new Map<string, unknown>();
  for (const { fields } of stack) for (const [field, value] of fields) merged.set(field, value);
  // Holds because the built-in place, which has every field, is the bottom of every stack.
  return unflatten(merged) as Effective;
}

/** Nested again: `circuit.open.base` becomes three levels. */
export function unflatten(fields: Fields): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const [field, value] of fields) {
    const parts = field.split('.');
    const last = parts.pop() ?? field;
    let group = root;
    for (const part of parts) group = subgroup(group, part);
    group[last] = value;
  }
  return root;
}

export function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function subgroup(group: Record<string, unknown>, part: string): Record<string, unknown> {
  const existing = group[part];
  if (isGroup(existing)) return existing;
  const made: Record<string, unknown> = {};
  group[part] = made;
  return made;
}
