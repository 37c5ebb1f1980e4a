// The file as a list of places that may set a field (defaults, a cluster, a target, a route), each flattened to
// `circuit.open.base -> 5s`. Merging, ceilings, cross-field checks, origins and warnings are then all the same
// loop over one map instead of five recursions over five nested shapes.

import type { PolicyFile } from './file-schema.js';
import { type Ceilings, type Effective, layer } from './schema.js';

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

const NONE: ReadonlySet<string> = new Set();

/** The defaults of the schema itself, flattened once. */
export const BUILTIN: Place = { path: [], from: 'default', fields: flatten(layer.parse({})), lowered: NONE };

export function toPlaces(file: PolicyFile): Places {
  const clusters = Object.entries(file.clusters).map(([pattern, { targets = {}, ...rest }]) => {
    const own = Object.entries(targets).map(
      ([value, fields]) => [value, place(['clusters', pattern, 'targets', value], fields)] as const,
    );
    return [pattern, { ...place(['clusters', pattern], rest), pattern, targets: new Map(own) }] as const;
  });
  const routes = Object.entries(file.routes).map(([pattern, { cluster = null, ...rest }]) => {
    return [pattern, { ...place(['routes', pattern], rest), pattern, cluster }] as const;
  });
  const defaults = place(['defaults'], file.defaults);
  return { ceilings: file.ceilings, builtin: BUILTIN, defaults, clusters: new Map(clusters), routes: new Map(routes) };
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

/** Is this field one indivisible value, though it is a mapping? */
function isSchedule(field: string): boolean {
  return /^retry\.backoff\.byStatus\.\d+$/.test(field);
}

function flatten(values: object): Map<string, unknown> {
  const fields = new Map<string, unknown>();
  const walk = (group: object, prefix: string) => {
    for (const [key, value] of Object.entries(group)) {
      const field = prefix + key;
      if (isGroup(value) && !isSchedule(field)) walk(value, `${field}.`);
      else if (value !== undefined) fields.set(field, value);
    }
  };
  walk(values, '');
  return fields;
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function place(path: readonly string[], values: object): Place {
  return { path, from: path.join('.'), fields: flatten(values), lowered: NONE };
}

function subgroup(group: Record<string, unknown>, part: string): Record<string, unknown> {
  const existing = group[part];
  if (isGroup(existing)) return existing;
  const made: Record<string, unknown> = {};
  group[part] = made;
  return made;
}
