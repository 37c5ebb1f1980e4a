// What the codec is held against: health checking as proto-loader reads and writes it.

import { loadProtos } from './protos.js';

/** By the numbers of the enum ServingStatus. */
const STATUS_NUMBERS = { serving: 1, not_serving: 2, service_unknown: 3 } as const;
export type HealthStatus = keyof typeof STATUS_NUMBERS;

export interface HealthRequest {
  /** '' is the server as a whole. */
  readonly service: string;
}

export function decodeHealthRequest(bytes: Buffer): HealthRequest {
  return { service: loadProtos().healthCheckRequest.decode(bytes).service ?? '' };
}

export function encodeHealthStatus(status: HealthStatus): Buffer {
  return loadProtos().healthCheckResponse.encode({ status: STATUS_NUMBERS[status] });
}

/** The status of every service, by name. */
export function encodeHealthList(services: ReadonlyMap<string, HealthStatus>): Buffer {
  const statuses = Object.fromEntries(
    [...services].map(([name, status]) => [name, { status: STATUS_NUMBERS[status] }]),
  );
  return loadProtos().healthListResponse.encode({ statuses });
}
