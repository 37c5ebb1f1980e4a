// The transports there are, by the names that the command line takes.

import { startGrpcServer } from './grpc.js';
import { startDirectServer } from './h2/server.js';
import type { StartTransport } from './transport.js';

export const TRANSPORT_NAMES = ['grpc-js', 'direct'] as const;
export type TransportName = (typeof TRANSPORT_NAMES)[number];

export const TRANSPORTS: Readonly<Record<TransportName, StartTransport>> = {
  'grpc-js': startGrpcServer,
  direct: (options) => startDirectServer(options),
};
