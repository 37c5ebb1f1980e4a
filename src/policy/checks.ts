// Mistakes that no single field shows: a minimum above its maximum, a cluster that
// falls back to itself. Each is judged on what would be in force at a place, and reported at the place that
// set one of the fields involved, never again at every place that inherits them.

import { parseDuration } from './duration.js';
import { MAX_NAME_LENGTH } from './fields.js';
import { findTies, isGlob, NameTable } from './match.js';
import { type ClusterPlace, type Place, type Places, placesOf, type RoutePlace } from './places.js';
import { type Finding, formatPath, type Path } from './problems.js';

/** Bounds the pairs that are compared for ties, and what a name that was never seen costs. */
const MAX_PATTERNS = 1_000;
const MAX_NAMES = 20_000;

/** Did an earlier stage already complain about this field of this place? Then nothing can be concluded from it. */
export type IsBroken = (path: Path) => boolean;

/** `low` must not be above `high`. */
const ORDERED = [
  { low: 'circuit.open.base', high: 'circuit.open.max' },
  { low: 'retry.backoff.base', high: 'retry.backoff.max' },
] as const;

/** Everything that is wrong with the file beyond its single fields. */
export function crossChecks(places: Places, isBroken: IsBroken): Finding[] {
  const stacks = new Stacks(places);
  const findings: Finding[] = [...names(places.clusters, 'clusters'), ...names(places.routes, 'routes')];
  for (const place of placesOf(places)) {
    const stack = stacks.of(place);
    findings.push(...order(stack, isBroken), ...schedules(place), ...duplicates(place));
  }
  for (const cluster of places.clusters.values()) findings.push(...ownFallback(cluster, cluster.pattern));
  for (const route of places.routes.values()) findings.push(...ownFallback(route, route.cluster));
  return [...findings, ...keys(places, isBroken)];
}

/** What a place stands on: built-in, defaults, for a target its cluster, for a route its cluster where it names one. */
class Stacks {
  readonly #places: Places;
  readonly #clusters: NameTable<ClusterPlace>;

  constructor(places: Places) {
    this.#places = places;
    this.#clusters = new NameTable(places.clusters);
  }

  of(place: Place): readonly Place[] {
    const { builtin, defaults } = this.#places;
    if (place === defaults) return [builtin, defaults];
    const under = this.#under(place);
    return under === undefined ? [builtin, defaults, place] : [builtin, defaults, under, place];
  }

  #under(place: Place): Place | undefined {
    const [section, name = '', targets] = place.path;
    if (section === 'clusters') return targets === undefined ? undefined : this.#places.clusters.get(name);
    const cluster = this.#places.routes.get(name)?.cluster ?? null;
    return cluster === null ? undefined : this.#clusters.find(cluster);
  }
}

function order(stack: readonly Place[], isBroken: IsBroken): Finding[] {
  const place = stack[stack.length - 1];
  if (place === undefined) return [];
  return ORDERED.flatMap(({ low, high }) => {
    const own = [low, high].find((field) => place.fields.has(field));
    const broken = stack.some(({ path }) => [low, high].some((field) => isBroken([...path, ...field.split('.')])));
    if (own === undefined || broken) return [];
    const [lowest, highest] = [find(stack, low), find(stack, high)];
    if (size(lowest.value) <= size(highest.value)) return [];
    return [{ path: [...place.path, ...own.split('.')], message: disorder(own === low, low, lowest, high, highest) }];
  });
}

interface Found {
  readonly value: unknown;
  readonly from: string;
}

function find(stack: readonly Place[], field: string): Found {
  const place = stack.findLast(({ fields }) => fields.has(field));
  return { value: place?.fields.get(field), from: place?.from ?? 'default' };
}

function disorder(atLow: boolean, low: string, lowest: Found, high: string, highest: Found): string {
  const [lowText, highText] = [String(lowest.value), String(highest.value)];
  return atLow
    ? `is ${lowText}, above ${high} (${highText}, from ${highest.from}); lower it or raise ${high}`
    : `is ${highText}, below ${low} (${lowText}, from ${lowest.from}); raise it or lower ${low}`;
}

/** Milliseconds of a duration, or the number itself. */
function size(value: unknown): number {
  if (typeof value === 'number') return value;
  const parsed = parseDuration(value);
  return parsed.ok ? parsed.ms : 0;
}

function schedules(place: Place): Finding[] {
  const prefix = 'retry.backoff.byStatus.';
  return [...place.fields].flatMap(([field, value]) => {
    if (!field.startsWith(prefix) || typeof value !== 'object' || value === null) return [];
    if (!('base' in value && 'max' in value) || size(value.base) <= size(value.max)) return [];
    const message = `is ${String(value.base)}, above max (${String(value.max)}); lower it or raise max`;
    return [{ path: [...place.path, ...field.split('.'), 'base'], message }];
  });
}

function fallbackOf(place: Place): readonly unknown[] {
  const list = place.fields.get('fallback');
  return Array.isArray(list) ? list : [];
}

function duplicates(place: Place): Finding[] {
  const list = fallbackOf(place);
  return list.flatMap((name, index) => {
    if (list.indexOf(name) === index) return [];
    return [
      { path: [...place.path, 'fallback', index], message: `${JSON.stringify(name)} is in the list twice; keep one` },
    ];
  });
}

/** Only what names itself outright: a pattern's list is cleared of the cluster it is used for when it is resolved. */
function ownFallback(place: ClusterPlace | RoutePlace, cluster: string | null): Finding[] {
  return fallbackOf(place).flatMap((name, index) => {
    if (name !== cluster) return [];
    const message = `${JSON.stringify(name)} cannot be its own fallback; name another cluster or remove it`;
    return [{ path: [...place.path, 'fallback', index], message }];
  });
}

function keys(places: Places, isBroken: IsBroken): Finding[] {
  const findings: Finding[] = [];
  const inherited = places.defaults.fields.has('key.header') || isBroken(['defaults', 'key']);
  for (const place of [places.defaults, ...places.clusters.values()]) {
    const has = inherited || place.fields.has('key.header') || isBroken([...place.path, 'key']);
    if (has) continue;
    if (place.fields.has('key.max')) {
      findings.push({ path: [...place.path, 'key'], message: 'has no header to take values from; add header' });
    }
    if ('targets' in place && (place as ClusterPlace).targets.size > 0) {
      const message = 'does nothing without a key; add key: { header: NAME } to this cluster or to defaults';
      findings.push({ path: [...place.path, 'targets'], message, atKey: true });
    }
  }
  return findings;
}

function names(section: ReadonlyMap<string, Place>, name: string): Finding[] {
  const patterns = [...section.keys()].filter(isGlob);
  if (section.size > MAX_NAMES) return [tooMany(name, `${section.size} names`, MAX_NAMES)];
  if (patterns.length > MAX_PATTERNS) return [tooMany(name, `${patterns.length} patterns`, MAX_PATTERNS)];
  return findTies(patterns).map(([pattern, rival]) => {
    const other = formatPath([name, rival.slice(0, MAX_NAME_LENGTH)]);
    const message = `ties with ${other}: both could match one name and neither is more specific; make one longer`;
    return { path: [name, pattern], message, atKey: true };
  });
}

function tooMany(section: string, has: string, limit: number): Finding {
  return { path: [section], message: `has ${has}, more than ${limit}; replace some by wider patterns`, atKey: true };
}
