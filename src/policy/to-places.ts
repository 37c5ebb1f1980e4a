// From the file, as the schema understood it, to its places. Apart from what places are, as only whoever reads a file needs
// the schema in memory.

import type { PolicyFile } from './file-schema.js';
import { isGroup, type Place, type Places } from './places.js';
import { layer } from './schema.js';

const NONE: ReadonlySet<string> = new Set();

/** The defaults of the schema itself, flattened once. */
const BUILTIN: Place = { path: [], from: 'default', fields: flatten(layer.parse({})), lowered: NONE };

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

function place(path: readonly string[], values: object): Place {
  return { path, from: path.join('.'), fields: flatten(values), lowered: NONE };
}
