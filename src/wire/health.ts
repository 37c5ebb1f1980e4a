// The messages of gRPC health checking, as plain values.

import { utf8 } from './interned.js';
import { LENGTH, Reader, tagOf } from './protobuf/reader.js';
import { fieldSize, utf8Size, Writer } from './protobuf/writer.js';

const SERVICE = tagOf(1, LENGTH);
/** Of HealthCheckResponse. */
const STATUS_TAG = 1 << 3;
const STATUS_BYTES = 2;
/** Of HealthListResponse, and of an entry of its map. */
const STATUSES = 1;
const NAME = 1;
const STATUS = 2;

/** By the numbers of the enum ServingStatus. */
const STATUS_NUMBERS = { serving: 1, not_serving: 2, service_unknown: 3 } as const;
export type HealthStatus = keyof typeof STATUS_NUMBERS;

export interface HealthRequest {
  /** '' is the server as a whole. */
  readonly service: string;
}

/** @throws WireError where the bytes from `start` to `end` are no such message. */
export function decodeHealthRequest(bytes: Buffer, start = 0, end = bytes.length): HealthRequest {
  const reader = new Reader(bytes, start, end);
  let service = '';
  while (reader.more) {
    const tag = reader.tag();
    if (tag === SERVICE) {
      const stop = reader.stop();
      service = utf8(bytes, reader.at, stop);
      reader.at = stop;
    } else reader.skip(tag);
  }
  return { service };
}

export function encodeHealthStatus(status: HealthStatus): Buffer {
  return Buffer.from([STATUS_TAG, STATUS_NUMBERS[status]]);
}

function entrySize(name: string): number {
  return fieldSize(utf8Size(name)) + fieldSize(STATUS_BYTES);
}

/** The status of every service, by name. */
export function encodeHealthList(services: ReadonlyMap<string, HealthStatus>): Buffer {
  let size = 0;
  for (const name of services.keys()) size += fieldSize(entrySize(name));
  const bytes = Buffer.alloc(size);
  const writer = new Writer(bytes, 0);
  for (const [name, status] of services) {
    writer.field(STATUSES, entrySize(name));
    writer.field(NAME, utf8Size(name));
    writer.text(name, utf8Size(name));
    writer.field(STATUS, STATUS_BYTES);
    writer.raw(encodeHealthStatus(status));
  }
  return bytes;
}
