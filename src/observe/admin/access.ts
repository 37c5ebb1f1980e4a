// Who may change state. Off unless a token is set; and of the pages in a browser only our own, whatever another one
// knows. A browser says so itself (Sec-Fetch-Site, which no page can set), or, where it does not because the connection is
// neither encrypted nor local, by the host that the page came from.

import { createHash, timingSafeEqual } from 'node:crypto';
import { HttpError } from './errors.js';
import { WriteLimits } from './write-limits.js';

export type Refusal = 'origin' | 'no_token' | 'bad_token' | 'too_many';

const SCHEME = 'bearer ';

export interface WriteHeaders {
  readonly origin?: string | undefined;
  readonly host?: string | undefined;
  readonly authorization?: string | undefined;
  readonly 'sec-fetch-site'?: string | string[] | undefined;
}

export class WriteAccess {
  private readonly tokenHash: Buffer | null;
  private readonly refused: (refusal: Refusal) => void;
  private readonly now: () => number;
  private readonly limits = new WriteLimits();

  /**
   * No token, or an empty one: nobody may.
   * @param now monotonic milliseconds.
   */
  constructor(token: string | undefined, now: () => number, refused: (refusal: Refusal) => void) {
    this.tokenHash = token === undefined || token === '' ? null : hash(token);
    this.now = now;
    this.refused = refused;
  }

  /**
   * Throws 403, 429 or 401 unless these headers give the right to change state, and it is not used too often.
   * @param address of the client; '' over a Unix socket.
   */
  check(headers: WriteHeaders, address: string): void {
    if (!isOurs(headers)) {
      throw this.refuse(
        'origin',
        403,
        'changes are not accepted from the pages of other sites (see the Origin header)',
      );
    }
    if (this.tokenHash === null) {
      throw this.refuse('no_token', 403, 'changes are off: set SLUICE_ADMIN_TOKEN and restart to allow them');
    }
    const waitSeconds = this.limits.waitSeconds(address, this.now());
    // Before the token is looked at: else a guesser would learn which one is right all the same.
    if (waitSeconds > 0) throw this.refuse('too_many', 429, `too many attempts: wait ${waitSeconds} s`, waitSeconds);
    if (!isToken(headers.authorization, this.tokenHash)) {
      this.limits.wrongToken(address, this.now());
      throw this.refuse('bad_token', 401, 'give the token of SLUICE_ADMIN_TOKEN as "Authorization: Bearer TOKEN"');
    }
    this.limits.changed(this.now());
  }

  private refuse(refusal: Refusal, status: number, message: string, retryAfterSeconds?: number): HttpError {
    this.refused(refusal);
    return new HttpError(status, message, retryAfterSeconds);
  }
}

/** Not from a browser, or from the page that we served it. */
function isOurs({ origin, host, 'sec-fetch-site': site }: WriteHeaders): boolean {
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  if (origin === undefined) return true;
  return host !== undefined && URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}

/** Compares hashes: equal lengths whatever was sent, and no timing that tells how much of it was right. */
function isToken(authorization: string | undefined, tokenHash: Buffer): boolean {
  if (authorization === undefined || authorization.slice(0, SCHEME.length).toLowerCase() !== SCHEME) return false;
  return timingSafeEqual(hash(authorization.slice(SCHEME.length).trim()), tokenHash);
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
