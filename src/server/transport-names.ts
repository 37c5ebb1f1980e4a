// The transports by the names that the command line takes: by itself, so that it knows them without loading any.

export const TRANSPORT_NAMES = ['direct', 'grpc-js'] as const;
export type TransportName = (typeof TRANSPORT_NAMES)[number];
