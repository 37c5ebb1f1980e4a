// The transports there are, by their names.

import { startGrpcServer } from './grpc.js';
import { startDirectServer } from './h2/server.js';
import type { StartTransport } from './transport.js';
import type { TransportName } from './transport-names.js';

export const TRANSPORTS: Readonly<Record<TransportName, StartTransport>> = {
  'grpc-js': startGrpcServer,
  direct: (options) => startDirectServer(options),
};
