// One error for every message that cannot be read, so that a transport can tell bad bytes from a fault of its own.

/** Bytes that are not the message they should be. `cause` holds what the protobuf reader said. */
export class WireError extends Error {
  override readonly name = 'WireError';

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
  }
}
