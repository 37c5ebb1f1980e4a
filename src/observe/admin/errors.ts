// Every error of the admin server is `{"error": "..."}`: what was wrong, and what is allowed.

import { type Answer, json } from './answer.js';

/** An answer with this status instead of what was asked for. The message is for the client. */
export class HttpError extends Error {
  /** From 400 to 499: the client's own fault. */
  readonly status: number;
  /** null: trying again is not a matter of time. */
  readonly retryAfterSeconds: number | null;

  constructor(status: number, message: string, retryAfterSeconds: number | null = null) {
    super(message);
    this.name = 'HttpError';
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Said in place of an answer. What is our fault is not told in words of ours. */
export function errorAnswer(error: unknown): Answer {
  if (!(error instanceof HttpError)) return json({ error: 'internal error; see the log' }, 500);
  return { ...json({ error: error.message }, error.status), headers: headersOf(error) };
}

function headersOf({ status, retryAfterSeconds }: HttpError): Record<string, string> {
  return {
    ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    ...(retryAfterSeconds === null ? {} : { 'retry-after': String(retryAfterSeconds) }),
    // What remains of the body is not waited for.
    ...(status === 413 ? { connection: 'close' } : {}),
  };
}
