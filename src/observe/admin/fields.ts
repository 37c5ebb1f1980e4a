// Reads the fields of something small that was sent, and collects everything that is wrong with it before it says so.
// Written here because it is all that a sidecar has to check while it runs, and the checker of the policy file would
// take a tenth of its memory.

import { printable } from '../printable.js';
import { HttpError } from './errors.js';

/** undefined: not one of those. */
export interface Kind<T> {
  read(value: unknown): T | undefined;
  /** After "give". */
  readonly wanted: string;
}

const MAX_MESSAGE_LENGTH = 2000;

export const NAME: Kind<string> = {
  read: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
  wanted: 'a name',
};

export const TEXT: Kind<string> = {
  read: (value) => (typeof value === 'string' ? value : undefined),
  wanted: 'a text',
};

export function oneOf<T extends string>(words: readonly T[]): Kind<T> {
  return { read: (value) => words.find((word) => word === value), wanted: `one of ${words.join(', ')}` };
}

export function wholeNumber(least: number, most: number): Kind<number> {
  const read = (value: unknown) => {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
    return Number.isInteger(number) && number >= least && number <= most ? number : undefined;
  };
  return { read, wanted: `a whole number from ${least} to ${most}` };
}

export class Fields {
  readonly #place: string;
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #read = new Set<string>();
  readonly #problems: string[] = [];

  /** @param place of the fields, for messages. */
  constructor(place: string, values: Iterable<readonly [string, unknown]>) {
    this.#place = place;
    const all = new Map<string, unknown>();
    for (const [name, value] of values) {
      if (all.has(name)) this.#problems.push(`${place}.${name}: is given more than once`);
      all.set(name, value);
    }
    this.#values = all;
  }

  /** undefined: not given, or wrong, which `check` tells. */
  optional<T>(name: string, kind: Kind<T>): T | undefined {
    this.#read.add(name);
    if (!this.#values.has(name)) return undefined;
    const value = kind.read(this.#values.get(name));
    if (value === undefined) this.#problems.push(`${this.#place}.${name}: give ${kind.wanted}`);
    return value;
  }

  /**
   * After all have been read.
   * @param allowed everything that is, for whoever sent something else.
   * @throws HttpError 400 that says everything that is wrong, fields included that nobody has read.
   */
  check(allowed: string): void {
    for (const name of this.#values.keys()) {
      if (!this.#read.has(name)) this.#problems.push(`${this.#place}: there is no ${JSON.stringify(printable(name))}`);
    }
    if (this.#problems.length > 0) throw refusal(this.#problems.join('; '), allowed);
  }
}

export function refusal(problem: string, allowed: string): HttpError {
  return new HttpError(400, printable(`${problem}. Allowed: ${allowed}`, MAX_MESSAGE_LENGTH));
}
