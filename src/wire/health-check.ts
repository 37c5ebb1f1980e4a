// A health check from the asking side, small enough to be written out: it runs as a process of its own every few
// seconds, and loading the protobuf library would cost that process most of its time.

/** HealthCheckRequest with nothing in it asks for the server as a whole. */
export const CHECK_ALL: Buffer = Buffer.alloc(0);

/** Key of field 1 as a varint: the status of a HealthCheckResponse. */
const STATUS_KEY = 0x08;
const WORDS = ['unknown', 'serving', 'not_serving', 'service_unknown'] as const;
export type CheckedStatus = (typeof WORDS)[number];

/** The status that a HealthCheckResponse tells; undefined where the bytes are none. */
export function checkedStatus(message: Buffer): CheckedStatus | undefined {
  // A value of 0 is not written.
  if (message.length === 0) return 'unknown';
  const [key, value] = message;
  if (message.length !== 2 || key !== STATUS_KEY || value === undefined) return undefined;
  return WORDS[value];
}
