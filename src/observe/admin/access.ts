// Who may change state. Off unless a token is set; never from a page in a browser, whatever it knows: no page of
// ours writes yet, so a request with an Origin is another site's.

import { createHash, timingSafeEqual } from 'node:crypto';
import { HttpError } from './errors.js';

export type Refusal = 'origin' | 'no_token' | 'bad_token';

const SCHEME = 'bearer ';

export class WriteAccess {
  private readonly tokenHash: Buffer | null;
  private readonly refused: (refusal: Refusal) => void;

  /** No token, or an empty one: nobody may. */
  constructor(token: string | undefined, refused: (refusal: Refusal) => void) {
    this.tokenHash = token === undefined || token === '' ? null : hash(token);
    this.refused = refused;
  }

  /** Throws 403 or 401 unless these headers give the right to change state. */
  check(headers: { origin?: string | undefined; authorization?: string | undefined }): void {
    if (headers.origin !== undefined) {
      throw this.refuse('origin', 403, 'changes are not accepted from web pages (the request has an Origin header)');
    }
    if (this.tokenHash === null) {
      throw this.refuse('no_token', 403, 'changes are off: set SLUICE_ADMIN_TOKEN and restart to allow them');
    }
    if (!isToken(headers.authorization, this.tokenHash)) {
      throw this.refuse('bad_token', 401, 'give the token of SLUICE_ADMIN_TOKEN as "Authorization: Bearer TOKEN"');
    }
  }

  private refuse(refusal: Refusal, status: number, message: string): HttpError {
    this.refused(refusal);
    return new HttpError(status, message);
  }
}

/** Compares hashes: equal lengths whatever was sent, and no timing that tells how much of it was right. */
function isToken(authorization: string | undefined, tokenHash: Buffer): boolean {
  if (authorization === undefined || authorization.slice(0, SCHEME.length).toLowerCase() !== SCHEME) return false;
  return timingSafeEqual(hash(authorization.slice(SCHEME.length).trim()), tokenHash);
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
