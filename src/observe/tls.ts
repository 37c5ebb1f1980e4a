// What becomes of new certificates, told to those who watch: a count and a line each time.

import type { TlsObserver } from '../server/tls/source.js';
import type { Logger } from './logger.js';
import type { Metrics } from './metrics.js';

/** `file`: of the server's certificate. */
export function tlsObserver(
  file: string,
  metrics: Pick<Metrics, 'tlsReload'>,
  logger: Pick<Logger, 'tlsApplied' | 'tlsRejected'>,
): TlsObserver {
  return {
    applied: () => {
      metrics.tlsReload('applied');
      logger.tlsApplied(file);
    },
    rejected: (error) => {
      metrics.tlsReload('rejected');
      logger.tlsRejected(file, error);
    },
  };
}
