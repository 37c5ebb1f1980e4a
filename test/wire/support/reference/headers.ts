// Headers over proto-loader's objects.

import type { Headers } from '../../../../src/core/stream.js';
import type { HeaderValue } from './messages.js';

function text(header: HeaderValue, encoding: 'latin1' | 'utf8' = 'latin1'): string {
  const raw = header.rawValue;
  return raw !== undefined && raw.length > 0 ? raw.toString(encoding) : (header.value ?? '');
}

/** A view: it keeps the message's bytes alive, so take strings from it rather than holding on to it. */
export class WireHeaders implements Headers {
  readonly #list: readonly HeaderValue[];

  constructor(list: readonly HeaderValue[]) {
    this.#list = list;
  }

  get(name: string): string | undefined {
    for (const header of this.#list) {
      if (header.key === name) return text(header);
    }
    return undefined;
  }

  text(name: string): string | undefined {
    for (const header of this.#list) {
      if (header.key === name) return text(header, 'utf8');
    }
    return undefined;
  }

  all(name: string): readonly string[] {
    const values: string[] = [];
    for (const header of this.#list) {
      if (header.key === name) values.push(text(header));
    }
    return values;
  }

  startingWith(prefix: string): readonly string[] {
    const names = new Set<string>();
    for (const { key } of this.#list) if (key?.startsWith(prefix)) names.add(key);
    return [...names];
  }
}
