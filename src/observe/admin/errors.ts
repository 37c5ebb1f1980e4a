// Every error of the admin server is `{"error": "..."}`: what was wrong, and what is allowed.

import type { FastifyError } from 'fastify';

/** An answer with this status instead of what was asked for. The message is for the client. */
export class HttpError extends Error {
  readonly statusCode: number;
  /** null: trying again is not a matter of time. */
  readonly retryAfterSeconds: number | null;

  constructor(statusCode: number, message: string, retryAfterSeconds: number | null = null) {
    super(message);
    this.name = 'HttpError';
    this.statusCode = statusCode;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export interface ErrorBody {
  readonly error: string;
}

/** The client's own fault, as status and words; null: it is ours, and its words are not for the client. */
export function clientFault(error: FastifyError | HttpError): { status: number; body: ErrorBody } | null {
  const status = error.statusCode ?? 500;
  if (status < 400 || status > 499) return null;
  return { status, body: { error: error.message } };
}
