// The two ways in which a peer can be wrong: one costs it the stream, the other the connection.

import type { Code } from './protocol.js';

/** Ends one stream with RST_STREAM. */
export class StreamError extends Error {
  override readonly name = 'StreamError';
  readonly code: Code;

  constructor(code: Code, message: string) {
    super(message);
    this.code = code;
  }
}

/** Ends the connection with GOAWAY. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  readonly code: Code;

  constructor(code: Code, message: string) {
    super(message);
    this.code = code;
  }
}
