// How long what is in use stays valid. A certificate that has expired changes nothing for connections that are open, and
// every new one fails, from which Envoy goes on without Sluice: it has to be told of before.

import { X509Certificate } from 'node:crypto';
import { certificatesIn, type TlsMaterial } from './material.js';

/** Milliseconds since the epoch. NaN: a date that cannot be read. */
export interface Validity {
  readonly fromMs: number;
  readonly untilMs: number;
}

const WARN_MS = 14 * 86_400_000;
/** Of what lives for a few weeks or less: who renews it has done so by the half, or two thirds, of its life. */
const WARN_SHARE = 0.25;

/** Of the chain: it ends with the first of it. */
export function certificateValidity({ cert }: TlsMaterial): Validity {
  return certificatesIn(cert)
    .map(validityOf)
    .reduce((first, next) => (next.untilMs < first.untilMs ? next : first));
}

/** Of the authorities: an old one stays in the file while it is replaced, so it is the last of them that counts. */
export function authorityValidity({ ca }: TlsMaterial): Validity {
  return certificatesIn(ca)
    .map(validityOf)
    .reduce((last, next) => (next.untilMs > last.untilMs ? next : last));
}

/** Is it over, or will it be within 14 days, or within the last quarter of its time where that is shorter? */
export function endsSoon({ fromMs, untilMs }: Validity, nowMs: number): boolean {
  return untilMs - nowMs <= Math.min(WARN_MS, (untilMs - fromMs) * WARN_SHARE);
}

function validityOf(pem: string): Validity {
  // As OpenSSL writes it: "Nov  9 01:02:03 2026 GMT".
  const { validFrom, validTo } = new X509Certificate(pem);
  return { fromMs: Date.parse(validFrom), untilMs: Date.parse(validTo) };
}
