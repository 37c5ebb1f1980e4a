// EnvoyPatchPolicy and the patches of an EnvoyProxy's bootstrap, as Envoy Gateway applies them: operations of RFC 6902, on the
// places that a JSONPath of RFC 9535 finds. One that finds no place is an error here; there it is a word in the policy's status.

import { paths } from 'jsonpath-rfc9535';
import { applyPatch, type Operation } from 'rfc6902';
import type { Json, JsonObject } from '../bootstrap.js';

/** @throws Error that names the operation which could not be applied. */
export function applyOperation(document: JsonObject, operation: JsonObject): void {
  const { op, path = '', jsonPath, value } = operation;
  const places = jsonPath === undefined ? [''] : paths(document, String(jsonPath)).map(pointerOf);
  if (places.length === 0) throw new Error(`nothing is at ${jsonPath}`);
  for (const place of places) {
    const single = { op, path: `${place}${path}`, value: copyOf(value) };
    const [problem] = applyPatch(document, [single as Operation]);
    if (problem) throw new Error(`${op} ${place}${path}: ${problem.message}`);
  }
}

/** `$['a'][0]` as `/a/0`. */
function pointerOf(path: string): string {
  const steps = path.matchAll(/\['((?:[^'\\]|\\.)*)'\]|\[(\d+)\]/g);
  return [...steps].map(([, name, index]) => `/${escaped(name?.replaceAll(/\\(.)/g, '$1') ?? index ?? '')}`).join('');
}

function escaped(step: string): string {
  return step.replaceAll('~', '~0').replaceAll('/', '~1');
}

function copyOf(value: Json | undefined): Json | undefined {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as Json);
}
