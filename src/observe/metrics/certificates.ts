// From when to when the certificates of the gRPC port are valid; nothing where it speaks no TLS.

import type { Validity } from '../../server/tls/validity.js';
import type { Sample } from './exposed.js';
import { label } from './text.js';

/** Named like the options that give them. */
export type TlsFile = 'cert' | 'client_ca';

const MS_PER_SECOND = 1000;

export class Certificates {
  private readonly inUse = new Map<TlsFile, Validity>();

  use(file: TlsFile, validity: Validity): void {
    this.inUse.set(file, validity);
  }

  *samples(which: keyof Validity): Generator<Sample> {
    for (const [file, validity] of this.inUse) {
      yield { labels: label('file', file), value: validity[which] / MS_PER_SECOND };
    }
  }
}
