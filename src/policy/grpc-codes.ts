// gRPC status codes by name, so that a policy can say UNAVAILABLE where the wire says 14.
// Source: the gRPC specification's status code table. OK (0) is left out: it can never be a failure.

const CODES = {
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

export type GrpcCodeName = keyof typeof CODES;

/** Every name that a policy may use, in the order of the codes. */
export const GRPC_CODE_NAMES = Object.keys(CODES) as GrpcCodeName[];

/** The number of a code given either way. */
export function grpcCode(code: number | GrpcCodeName): number {
  return typeof code === 'number' ? code : CODES[code];
}
