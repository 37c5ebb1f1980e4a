// What becomes of certificates, told to those who watch: a count and a line for new ones, and for those in use how long
// they last, with a line where that is not long.

import type { TlsFiles, TlsMaterial } from '../server/tls/material.js';
import type { TlsObserver } from '../server/tls/source.js';
import { authorityValidity, certificateValidity, endsSoon } from '../server/tls/validity.js';
import type { Logger } from './logger.js';
import type { TlsFile } from './metrics/certificates.js';
import type { Metrics } from './metrics.js';

export interface TlsWatchers {
  readonly files: TlsFiles;
  readonly metrics: Pick<Metrics, 'tlsReload' | 'tlsInUse'>;
  readonly logger: Pick<Logger, 'tlsApplied' | 'tlsRejected' | 'tlsExpiring'>;
  /** Milliseconds since the epoch. */
  readonly wallNow: () => number;
}

export function tlsObserver(watchers: TlsWatchers): TlsObserver {
  const { files, metrics, logger } = watchers;
  return {
    inUse: (material) => lookAt(material, watchers),
    applied: () => {
      metrics.tlsReload('applied');
      logger.tlsApplied(files.cert);
    },
    rejected: (error) => {
      metrics.tlsReload('rejected');
      logger.tlsRejected(files.cert, error);
    },
  };
}

function lookAt(material: TlsMaterial, { files, metrics, logger, wallNow }: TlsWatchers): void {
  const found = [
    { file: 'cert' as TlsFile, path: files.cert, validity: certificateValidity(material) },
    { file: 'client_ca' as TlsFile, path: files.clientCa, validity: authorityValidity(material) },
  ];
  for (const { file, path, validity } of found) {
    metrics.tlsInUse(file, validity);
    if (endsSoon(validity, wallNow())) logger.tlsExpiring(path, validity.untilMs, validity.untilMs <= wallNow());
  }
}
