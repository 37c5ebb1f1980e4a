// The answer to "which value applies here, and who set it?", for `GET /policy?cluster=NAME`, and the whole policy
// in force in the file's own notation.

import { type Fields, type Place, type Places, unflatten } from './places.js';

/** One value in force. `from`: `default`, `defaults`, `clusters.<pattern>`, `routes.<pattern>`, `ceilings`, ... */
export interface Sourced {
  readonly value: unknown;
  readonly from: string;
}

export interface Explanation {
  readonly cluster: string;
  /** null: none was asked for. */
  readonly route: string | null;
  readonly target: string | null;
  /** Nested like the file; at every leaf a `Sourced`. */
  readonly policy: Readonly<Record<string, unknown>>;
}

/** Every field of a stack of places with its origin; the cluster itself is left out of its fallbacks. */
export function explainStack(stack: readonly Place[], cluster: string): Readonly<Record<string, unknown>> {
  const merged = new Map<string, Sourced>();
  for (const place of stack) {
    for (const [field, value] of place.fields) {
      merged.set(field, { value, from: place.lowered.has(field) ? 'ceilings' : place.from });
    }
  }
  const fallback = merged.get('fallback');
  if (fallback !== undefined && Array.isArray(fallback.value)) {
    merged.set('fallback', { ...fallback, value: fallback.value.filter((name) => name !== cluster) });
  }
  return unflatten(merged);
}

/** A policy file that says the same, with the defaults filled in. */
export function toFile(places: Places): Record<string, unknown> {
  const defaults = new Map([...places.builtin.fields, ...places.defaults.fields]);
  if (!defaults.has('key.header')) defaults.delete('key.max');
  const clusters = [...places.clusters].map(([pattern, cluster]) => {
    const targets = [...cluster.targets].map(([value, target]) => [value, unflatten(target.fields)] as const);
    const own = targets.length === 0 ? {} : { targets: Object.fromEntries(targets) };
    return [pattern, { ...unflatten(cluster.fields), ...own }] as const;
  });
  const routes = [...places.routes].map(([pattern, route]) => {
    const own: Fields = route.cluster === null ? route.fields : new Map([['cluster', route.cluster], ...route.fields]);
    return [pattern, unflatten(own)] as const;
  });
  return {
    ceilings: { ...places.ceilings },
    defaults: unflatten(defaults),
    clusters: Object.fromEntries(clusters),
    routes: Object.fromEntries(routes),
  };
}
