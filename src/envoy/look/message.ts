// A protobuf message in its JSON form, at a place in the bootstrap. Envoy reads `static_resources` and `staticResources`
// alike, so every access by name goes through here; what is there keeps its spelling.

import type { Path } from '../../policy/problems.js';
import { isObject, type Json, type JsonObject } from '../document/json.js';

export class Message {
  readonly value: JsonObject;
  readonly path: Path;

  constructor(value: JsonObject, path: Path) {
    this.value = value;
    this.path = path;
  }

  get(name: string): Json | undefined {
    return this.value[this.#key(name)];
  }

  /** Down a path of names. */
  find(names: readonly string[]): Json | undefined {
    const [last, ...rest] = [...names].reverse();
    if (last === undefined) return this.value;
    let here: Message | null = this;
    for (const name of rest.reverse()) here = here?.message(name) ?? null;
    return here?.get(last);
  }

  /** '' where there is no text. */
  text(name: string): string {
    const value = this.get(name);
    return typeof value === 'string' ? value : '';
  }

  message(name: string): Message | null {
    const value = this.get(name);
    return isObject(value) ? new Message(value, [...this.path, this.#key(name)]) : null;
  }

  /** The messages of a list; what is none is left out. */
  messages(name: string): Message[] {
    const list = this.get(name);
    if (!Array.isArray(list)) return [];
    return list.flatMap((item, index) => {
      return isObject(item) ? [new Message(item, [...this.path, this.#key(name), index])] : [];
    });
  }

  set(name: string, value: Json): void {
    this.value[this.#key(name)] = value;
  }

  remove(name: string): void {
    delete this.value[this.#key(name)];
  }

  /** Made where it is missing, or is something else. */
  ensure(name: string): Message {
    const found = this.message(name);
    if (found !== null) return found;
    const made: JsonObject = {};
    this.set(name, made);
    return new Message(made, [...this.path, this.#key(name)]);
  }

  /** The list itself, to be changed; made where it is missing. */
  ensureList(name: string): Json[] {
    const found = this.get(name);
    if (Array.isArray(found)) return found;
    const made: Json[] = [];
    this.set(name, made);
    return made;
  }

  /** Sets down a path of names; undefined removes. */
  put(names: readonly string[], value: Json | undefined): void {
    const [last, ...rest] = [...names].reverse();
    if (last === undefined) return;
    let here: Message = this;
    for (const name of rest.reverse()) here = here.ensure(name);
    if (value === undefined) here.remove(last);
    else here.set(last, value);
  }

  at(...names: readonly (string | number)[]): Path {
    const [first, ...rest] = names;
    return first === undefined
      ? this.path
      : [...this.path, typeof first === 'string' ? this.#key(first) : first, ...rest];
  }

  #key(name: string): string {
    if (name in this.value) return name;
    const camel = camelCase(name);
    return camel in this.value ? camel : name;
  }
}

/** As protobuf makes it: `max_requests` becomes `maxRequests`. */
function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
}
