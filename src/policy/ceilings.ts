// Ceilings exist so that one line in one cluster cannot multiply traffic: whatever a place asks for, it gets at
// most the ceiling, and its author is told both numbers. Applied to each place before merging, so that no merge
// of any two places can exceed one. A negative maxRetries, which other systems use for "off", becomes 0 here too.

import { parseDuration } from './duration.js';
import type { ClusterPlace, Place, Places } from './places.js';
import type { Finding } from './problems.js';

const MAX_RETRIES = 'retry.maxRetries';
const PER_TRY_TIMEOUT = 'retry.perTryTimeout';

/** The places with every value in bounds, and a warning for each value that the file itself set outside of them. */
export function applyCeilings(places: Places): { readonly places: Places; readonly warnings: readonly Finding[] } {
  const warnings: Finding[] = [];
  const lower = <P extends Place>(place: P): P => lowered(place, places.ceilings, warnings);
  const clusters = mapValues(places.clusters, (cluster): ClusterPlace => {
    const own = lower(cluster);
    return { ...own, targets: mapValues(own.targets, lower) };
  });
  // Nobody wrote the built-in defaults, so nobody is told that they were lowered.
  const builtin = lowered(places.builtin, places.ceilings, []);
  const defaults = lower(places.defaults);
  const routes = mapValues(places.routes, lower);
  return { places: { ceilings: places.ceilings, builtin, defaults, clusters, routes }, warnings };
}

function lowered<P extends Place>(place: P, ceilings: Places['ceilings'], warnings: Finding[]): P {
  const fields = new Map(place.fields);
  const names = new Set<string>();
  const change = (field: string, value: unknown, message: string) => {
    fields.set(field, value);
    names.add(field);
    warnings.push({ path: [...place.path, ...field.split('.')], message });
  };
  const retries = fields.get(MAX_RETRIES);
  if (typeof retries === 'number' && retries > ceilings.maxRetries) {
    change(MAX_RETRIES, ceilings.maxRetries, above(retries, 'maxRetries', ceilings.maxRetries));
  }
  if (typeof retries === 'number' && retries < 0) {
    fields.set(MAX_RETRIES, 0);
    const message = `${retries} is below 0; taken as 0, which switches retries off`;
    warnings.push({ path: [...place.path, ...MAX_RETRIES.split('.')], message });
  }
  const timeout = fields.get(PER_TRY_TIMEOUT);
  if (isAbove(timeout, ceilings.perTryTimeout)) {
    change(PER_TRY_TIMEOUT, ceilings.perTryTimeout, above(timeout, 'perTryTimeout', ceilings.perTryTimeout));
  }
  return { ...place, fields, lowered: names };
}

/** No timeout at all (0s) is no long timeout: it leaves the matter to Envoy's own. */
function isAbove(timeout: unknown, ceiling: string | number): boolean {
  const [value, limit] = [parseDuration(timeout), parseDuration(ceiling)];
  return value.ok && limit.ok && value.ms > limit.ms;
}

function above(value: unknown, name: string, ceiling: string | number): string {
  return `${String(value)} is above ceilings.${name} (${ceiling}); lowered to ${ceiling}`;
}

function mapValues<V, W>(map: ReadonlyMap<string, V>, change: (value: V) => W): ReadonlyMap<string, W> {
  return new Map([...map].map(([key, value]) => [key, change(value)]));
}
