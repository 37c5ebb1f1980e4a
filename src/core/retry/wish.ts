// What the server itself says about trying again: later, or not at all. Upstreams may say anything, so every
// value is bounded and a malformed one counts as not said.

import type { Headers } from '../stream.js';
import { wholeNumber } from '../whole-number.js';

export interface Wish {
  /** At least this long until the next attempt; 0: nothing said. */
  readonly waitMs: number;
  /** true: try again; false: do not; null: nothing said. */
  readonly retry: boolean | null;
}

const NOTHING: Wish = { waitMs: 0, retry: null };
/** A day: nobody waits that long, and no sum of it overflows. */
const LONGEST_MS = 86_400_000;

/** `wallNowMs` (Unix time) is needed for a Retry-After that is a date. */
export function wishOf(headers: Headers, wallNowMs: number): Wish {
  const pushback = headers.get('grpc-retry-pushback-ms');
  if (pushback !== undefined) {
    const ms = wholeNumber(pushback.trim());
    // gRPC A6: a negative or malformed value means: do not retry.
    return ms === null ? { waitMs: 0, retry: false } : { waitMs: ms, retry: null };
  }
  const should = headers.get('x-should-retry');
  const waitMs = waitOf(headers, wallNowMs);
  if (should === undefined && waitMs === 0) return NOTHING;
  return { waitMs, retry: should === 'true' ? true : should === 'false' ? false : null };
}

function waitOf(headers: Headers, wallNowMs: number): number {
  const inMs = headers.get('retry-after-ms');
  const ms = inMs === undefined ? null : wholeNumber(inMs.trim());
  if (ms !== null) return ms;
  const after = headers.get('retry-after');
  return after === undefined ? 0 : retryAfterMs(after, wallNowMs);
}

/** Retry-After: whole seconds, or an HTTP date. */
export function retryAfterMs(value: string, wallNowMs: number): number {
  const seconds = wholeNumber(value.trim());
  if (seconds !== null) return Math.min(seconds * 1000, LONGEST_MS);
  const date = isHttpDate(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? 0 : Math.min(Math.max(0, date - wallNowMs), LONGEST_MS);
}

/** IMF-fixdate (RFC 9110, section 5.6.7), the only form that may be sent; `Date.parse` alone takes far more. */
function isHttpDate(value: string): boolean {
  return value.length === 29 && value.charCodeAt(3) === 0x2c && value.endsWith(' GMT');
}
