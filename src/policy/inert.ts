// Fields that the policy file already has and this version does not act on yet. A setting that does nothing must
// say so at start: an operator who wrote it believes that it protects something.

import { isDeepStrictEqual } from 'node:util';
import { BUILTIN, type Place, type Places, placesOf } from './places.js';
import type { Policy } from './resolve.js';

/** Dotted, relative to a place: a single field (`retry.judge`), a whole group (`circuit.slow`), or `targets`. */
export const INERT_FIELDS: readonly string[] = ['key', 'targets'];

/** Places named in one warning before it goes on with a number. */
const NAMED_PLACES = 5;

/** One warning for each inert field that the file sets to something other than its default, with the places. */
export function inertWarnings(policy: Policy, fields: readonly string[] = INERT_FIELDS): string[] {
  return fields.flatMap((field) => {
    const places = [...settingPlaces(policy.places, field)];
    if (places.length === 0) return [];
    return [`${field} is set in ${enumerate(places)}, but this version does not act on it yet`];
  });
}

function* settingPlaces(places: Places, field: string): Generator<string> {
  if (field === 'targets') {
    for (const cluster of places.clusters.values()) if (cluster.targets.size > 0) yield cluster.from;
    return;
  }
  for (const place of placesOf(places)) if (sets(place, field)) yield place.from;
}

function sets(place: Place, field: string): boolean {
  return [...place.fields].some(([own, value]) => {
    const concerned = own === field || own.startsWith(`${field}.`);
    return concerned && !isDeepStrictEqual(value, BUILTIN.fields.get(own));
  });
}

function enumerate(places: readonly string[]): string {
  const named = places.slice(0, NAMED_PLACES).join(', ');
  const more = places.length - NAMED_PLACES;
  return more > 0 ? `${named} and ${more} more` : named;
}
