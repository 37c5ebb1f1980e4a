// The policy in force, asked for every request: which of the file's places apply to a name is decided once per
// name, and the merged result is made once per distinct combination of places, so that an answer is a map lookup
// and ten thousand clusters under one pattern share one object.

import type { ClusterPolicy, KeyPolicy, PolicyResolver } from '../core/policy.js';
import { BoundedMap } from './bounded-map.js';
import { compile, compileKey } from './compile.js';
import { type Explanation, explainStack, toFile } from './explain.js';
import { NameTable } from './match.js';
import { type ClusterPlace, effective, type Place, type Places, placesOf, type RoutePlace } from './places.js';

/** Names remembered, of clusters and of routes each. A forgotten name only costs its lookup again. */
const REMEMBERED_NAMES = 10_000;

export class Policy implements PolicyResolver {
  /** The file behind it, normalised; for warnings and displays. */
  readonly places: Places;
  readonly #clusters: NameTable<ClusterPlace>;
  readonly #routes: NameTable<RoutePlace>;
  /** Names that some list falls back to: their own policy must not list them, so they share with nobody. */
  readonly #fallbacks: ReadonlySet<string>;
  readonly #ownEntries = new Map<string, Entry>();
  readonly #sharedEntries = new Map<Place, Entry>();
  readonly #entryByCluster: BoundedMap<string, Entry>;
  readonly #placeByRoute: BoundedMap<string, RoutePlace | null>;
  /** What was asked for last: a decision asks several things of one name. */
  #lastCluster: string | null = null;
  #lastEntry: Entry | null = null;

  /** `places` must have passed every check and the ceilings: `parsePolicy` makes policies, nothing else should. */
  constructor(places: Places, rememberedNames: number = REMEMBERED_NAMES) {
    this.places = places;
    this.#clusters = new NameTable(places.clusters);
    this.#routes = new NameTable(places.routes);
    this.#fallbacks = namesIn(places);
    this.#entryByCluster = new BoundedMap(rememberedNames);
    this.#placeByRoute = new BoundedMap(rememberedNames);
  }

  forCluster(cluster: string): ClusterPolicy {
    return this.#entry(cluster).policy;
  }

  forRequest(cluster: string, route: string): ClusterPolicy {
    return this.forTarget(cluster, null, route);
  }

  forTarget(cluster: string, target: string | null, route = ''): ClusterPolicy {
    const own = this.#entry(cluster);
    const entry = target === null ? own : own.forTarget(target);
    const place = this.#route(route);
    return place === null ? entry.policy : entry.withRoute(place);
  }

  keyFor(cluster: string): KeyPolicy | null {
    return this.#entry(cluster).key;
  }

  listsTarget(cluster: string, target: string): boolean {
    return this.#entry(cluster).lists(target);
  }

  /** The cluster that the file states for a `cluster_header` route; null: none. */
  routeCluster(route: string): string | null {
    return this.#route(route)?.cluster ?? null;
  }

  /** Every value that applies, in the file's notation, and where it came from. */
  explain(cluster: string, route?: string, target?: string): Explanation {
    const entry = target === undefined ? this.#entry(cluster) : this.#entry(cluster).forTarget(target);
    const place = this.#route(route ?? '');
    const stack = place === null ? entry.stack : [...entry.stack, place];
    return { cluster, route: route ?? null, target: target ?? null, policy: explainStack(stack, cluster) };
  }

  /** The whole policy in force as a policy file: loading it gives the same policy again. */
  toJSON(): Record<string, unknown> {
    return toFile(this.places);
  }

  #entry(cluster: string): Entry {
    if (this.#lastEntry !== null && cluster === this.#lastCluster) return this.#lastEntry;
    this.#lastEntry = this.#entryByCluster.get(cluster) ?? this.#newEntry(cluster);
    this.#lastCluster = cluster;
    return this.#lastEntry;
  }

  #newEntry(cluster: string): Entry {
    const place = this.#clusters.find(cluster);
    const entry = this.#fallbacks.has(cluster)
      ? remember(this.#ownEntries, cluster, () => new Entry(this.#stack(place), place, cluster))
      : remember(this.#sharedEntries, place ?? this.places.defaults, () => new Entry(this.#stack(place), place, null));
    this.#entryByCluster.set(cluster, entry);
    return entry;
  }

  #stack(place: ClusterPlace | undefined): readonly Place[] {
    const { builtin, defaults } = this.places;
    return place === undefined ? [builtin, defaults] : [builtin, defaults, place];
  }

  #route(route: string): RoutePlace | null {
    if (route === '') return null;
    const known = this.#placeByRoute.get(route);
    if (known !== undefined) return known;
    const place = this.#routes.find(route) ?? null;
    this.#placeByRoute.set(route, place);
    return place;
  }
}

/** A combination of places below the routes. All its maps are bounded by what the file has, not by what is asked. */
class Entry {
  readonly stack: readonly Place[];
  readonly policy: ClusterPolicy;
  readonly key: KeyPolicy | null;
  readonly #targets: ReadonlyMap<string, Place>;
  /** Left out of every list of fallbacks; null where no list has it. */
  readonly #cluster: string | null;
  readonly #byRoute = new Map<RoutePlace, ClusterPolicy>();
  readonly #byTarget = new Map<Place, Entry>();

  constructor(stack: readonly Place[], place: ClusterPlace | undefined, cluster: string | null) {
    const merged = effective(stack);
    this.stack = stack;
    this.policy = compile(merged, cluster);
    this.key = compileKey(merged);
    this.#targets = place?.targets ?? new Map();
    this.#cluster = cluster;
  }

  withRoute(route: RoutePlace): ClusterPolicy {
    const known = this.#byRoute.get(route);
    if (known !== undefined) return known;
    const policy = compile(effective([...this.stack, route]), this.#cluster);
    this.#byRoute.set(route, policy);
    return policy;
  }

  lists(value: string): boolean {
    return this.#targets.has(value);
  }

  forTarget(value: string): Entry {
    const place = this.#targets.get(value);
    if (place === undefined) return this;
    return remember(this.#byTarget, place, () => new Entry([...this.stack, place], undefined, this.#cluster));
  }
}

function remember<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function namesIn(places: Places): ReadonlySet<string> {
  const names = new Set<string>();
  for (const place of placesOf(places)) {
    const list = place.fields.get('fallback');
    if (Array.isArray(list)) for (const name of list) names.add(name);
  }
  return names;
}
