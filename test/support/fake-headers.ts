// Headers and attributes as a transport would give them to a handler, from plain objects.

import type { Attributes, Headers } from '../../src/core/stream.js';

export type HeaderValues = Readonly<Record<string, string | readonly string[]>>;

export function headersOf(values: HeaderValues): Headers {
  const all = (name: string): readonly string[] => [values[name] ?? []].flat();
  const first = (name: string) => all(name)[0];
  return {
    get: first,
    text: first,
    all,
    startingWith: (prefix) => Object.keys(values).filter((name) => name.startsWith(prefix)),
  };
}

export function attributesOf(values: Readonly<Record<string, string | number>>): Attributes {
  return {
    string: (name) => (typeof values[name] === 'string' ? values[name] : undefined),
    number: (name) => (typeof values[name] === 'number' ? values[name] : undefined),
    has: (name) => name in values,
  };
}
