// Attributes over proto-loader's objects.

import type { Attributes } from '../../../../src/core/stream.js';
import type { Struct, Value } from './messages.js';

/** Envoy's text for a message attribute that is null. */
const ABSENT = 'NULL';

export class WireAttributes implements Attributes {
  readonly #fields: Record<string, Value>;

  constructor(struct: Struct | undefined) {
    this.#fields = struct?.fields ?? {};
  }

  string(name: string): string | undefined {
    const value = this.#own(name)?.stringValue;
    return value === ABSENT ? undefined : value;
  }

  number(name: string): number | undefined {
    return this.#own(name)?.numberValue;
  }

  has(name: string): boolean {
    const value = this.#own(name);
    return value !== undefined && value.stringValue !== ABSENT;
  }

  #own(name: string): Value | undefined {
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
  }
}
