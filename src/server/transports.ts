// The transports there are, by their names. The library is loaded only where it is wanted: it takes longer to start and
// more memory than all of Sluice.

import { startDirectServer } from './h2/server.js';
import type { StartTransport } from './transport.js';
import type { TransportName } from './transport-names.js';

export const TRANSPORTS: Readonly<Record<TransportName, StartTransport>> = {
  direct: (options) => startDirectServer(options),
  'grpc-js': async (options) => (await import('./grpc.js')).startGrpcServer(options),
};
