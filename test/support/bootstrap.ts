// Reads envoy.yaml for the tests: substitutes ports in its text, and finds its parts in the parsed copy.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { REFUSING_PORT } from './ports.js';

export type Json = string | number | boolean | null | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

/** The bootstrap that this repository ships. */
export const ENVOY_YAML = fileURLToPath(new URL('../../envoy.yaml', import.meta.url));

export const LISTENER_PORT = 10_000;
export const ADMIN_PORT = 9_901;
export const SLUICE_PORT = 9_002;

/** Port as written in the file -> port to use. */
export type Ports = Readonly<Record<number, number>>;

/**
 * The file's text with its ports exchanged, and nothing else. Listener and admin get 0: Envoy picks. A port that `ports`
 * does not name refuses connections, so that no test meets what happens to listen there.
 */
export function substitutePorts(text: string, ports: Ports): string {
  const all: Ports = { [LISTENER_PORT]: 0, [ADMIN_PORT]: 0, ...ports };
  return text.replaceAll(/port_value: (\d+)/g, (_match, port: string) => {
    return `port_value: ${all[Number(port)] ?? REFUSING_PORT}`;
  });
}

/**
 * The file's text with more time for Sluice's answers. What is at stake in most tests is what Envoy and Sluice do; a machine
 * too busy to answer within half a second is another matter, and the promise of that half second is the benchmarks' to hold.
 */
export function patient(text: string): string {
  return text.replaceAll(/(\bmessage_timeout: (?:&\w+ )?)0\.5s/g, '$110s');
}

export function readBootstrap(file: string = ENVOY_YAML): JsonObject {
  return parseBootstrap(readFileSync(file, 'utf8'));
}

export function parseBootstrap(text: string): JsonObject {
  return object(parse(text) as Json);
}

/** The value at a path of keys and indexes. @throws Error that names the path when there is none. */
export function at(value: Json, ...path: readonly (string | number)[]): Json {
  let here: Json | undefined = value;
  for (const key of path) {
    const found: Json | undefined =
      Array.isArray(here) && typeof key === 'number' ? here[key] : isObject(here) ? here[key] : undefined;
    if (found === undefined) throw new Error(`the bootstrap has no ${path.join('.')} (at ${JSON.stringify(key)})`);
    here = found;
  }
  return here;
}

export function object(value: Json | undefined): JsonObject {
  if (!isObject(value)) throw new Error(`expected an object, not ${JSON.stringify(value)}`);
  return value;
}

export function list(value: Json | undefined): JsonObject[] {
  if (!Array.isArray(value)) throw new Error(`expected a list, not ${JSON.stringify(value)}`);
  return value.map(object);
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function clusters(bootstrap: JsonObject): JsonObject[] {
  return list(at(bootstrap, 'static_resources', 'clusters'));
}

export function cluster(bootstrap: JsonObject, name: string): JsonObject {
  return named(clusters(bootstrap), name);
}

/** The connection manager of the only listener. */
export function connectionManager(bootstrap: JsonObject): JsonObject {
  const filter = at(bootstrap, 'static_resources', 'listeners', 0, 'filter_chains', 0, 'filters', 0, 'typed_config');
  return object(filter);
}

export function virtualHost(bootstrap: JsonObject): JsonObject {
  return object(at(connectionManager(bootstrap), 'route_config', 'virtual_hosts', 0));
}

export function routes(bootstrap: JsonObject): JsonObject[] {
  return list(virtualHost(bootstrap).routes);
}

export function route(bootstrap: JsonObject, name: string): JsonObject {
  return named(routes(bootstrap), name);
}

function named(items: readonly JsonObject[], name: string): JsonObject {
  const found = items.find((item) => item.name === name);
  if (found === undefined) throw new Error(`the bootstrap has no ${name}; it has ${items.map((item) => item.name)}`);
  return found;
}

/** Every object anywhere in `value` whose `@type` ends in `type`. */
export function ofType(value: Json, type: string): JsonObject[] {
  if (Array.isArray(value)) return value.flatMap((item) => ofType(item, type));
  if (!isObject(value)) return [];
  const own = String(value['@type']).endsWith(`.${type}`) ? [value] : [];
  return [...own, ...Object.values(value).flatMap((item) => ofType(item, type))];
}
