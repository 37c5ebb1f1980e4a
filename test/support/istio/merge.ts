// MERGE as Istio's control plane does it: a merge of protobuf messages, whose rules surprise who thinks in JSON. Lists
// grow, entries of a map are replaced, a zero in the patch changes nothing that is set, and of a choice the last one wins.

import type { Json, JsonObject } from '../bootstrap.js';

/** Fields of Envoy's messages that are maps; in JSON they look like messages. */
const MAPS = new Set([
  'typed_extension_protocol_options',
  'typed_per_filter_config',
  'filter_metadata',
  'typed_filter_metadata',
]);

/** Fields of which a message has one at most. */
const CHOICES = [
  ['cluster', 'cluster_header', 'weighted_clusters', 'cluster_specifier_plugin', 'inline_cluster_specifier_plugin'],
  ['route', 'redirect', 'direct_response', 'filter_action'],
  ['rds', 'route_config', 'scoped_routes'],
  ['explicit_http_config', 'use_downstream_protocol_config', 'auto_config'],
];

/** Merges `patch` into `target`. @throws Error where the two are no messages of one type. */
export function merge(target: JsonObject, patch: JsonObject): void {
  if (patch['@type'] !== undefined && target['@type'] !== patch['@type']) {
    throw new Error(`cannot merge ${patch['@type']} into ${target['@type'] ?? 'a message without a type'}`);
  }
  for (const [name, value] of Object.entries(patch)) mergeField(target, name, value);
}

function mergeField(target: JsonObject, name: string, value: Json): void {
  for (const rival of CHOICES.find((choice) => choice.includes(name)) ?? []) if (rival !== name) delete target[rival];
  const before = target[name];
  if (before === undefined) target[name] = structuredClone(value);
  else if (Array.isArray(value)) target[name] = [...listOf(name, before), ...structuredClone(value)];
  else if (isMessage(value)) mergeMessage(target, name, before, value);
  else if (!isZero(value)) target[name] = value;
}

function mergeMessage(target: JsonObject, name: string, before: Json, value: JsonObject): void {
  if (!isMessage(before)) throw new Error(`${name} is no message: ${JSON.stringify(before)}`);
  if (MAPS.has(name)) target[name] = { ...before, ...structuredClone(value) };
  // Inside a message that is being merged, one in an Any is bytes.
  else if (value['@type'] !== undefined) target[name] = structuredClone(value);
  else merge(before, value);
}

function listOf(name: string, value: Json): Json[] {
  if (!Array.isArray(value)) throw new Error(`${name} is no list: ${JSON.stringify(value)}`);
  return value;
}

/** What protobuf takes for "not set". */
function isZero(value: Json): boolean {
  return value === false || value === 0 || value === '' || value === null;
}

function isMessage(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
