import { describe, expect, it } from 'vitest';
import type { TlsMaterial } from '../../../src/server/tls/material.js';
import { authorityValidity, certificateValidity, endsSoon } from '../../../src/server/tls/validity.js';
import { makeAuthority } from '../../support/certificates.js';
import { SLUICE_NAME } from '../../support/mtls.js';

const DAY_MS = 86_400_000;
/** Certificates count in whole seconds, and these are made a little before they are looked at. */
const ABOUT_MS = 60_000;

function material(cert: string, ca = ''): TlsMaterial {
  return { cert: Buffer.from(cert), key: Buffer.from(''), ca: Buffer.from(ca) };
}

function inDays(ms: number): number {
  return Math.round((ms - Date.now() + ABOUT_MS) / DAY_MS);
}

describe('what is in use is valid', () => {
  const authority = makeAuthority();

  it('from when to when the certificate says', () => {
    const { fromMs, untilMs } = certificateValidity(material(authority.issue(SLUICE_NAME, { from: -3, to: 40 }).cert));
    expect([inDays(fromMs), inDays(untilMs)]).toEqual([-3, 40]);
    expect(Math.abs(untilMs - Date.now() - 40 * DAY_MS)).toBeLessThan(ABOUT_MS);
  });

  it.each([1, 2, 3])('until the first certificate of its chain ends, be it the one in place %d', (place) => {
    const days = [50, 50, 50].map((to, index) => (index === place - 1 ? 20 : to));
    const chain = days.map((to) => authority.issue(SLUICE_NAME, { from: -place, to }).cert).join('# a comment\n');
    const { fromMs, untilMs } = certificateValidity(material(chain));
    expect([inDays(fromMs), inDays(untilMs)]).toEqual([-place, 20]);
  });

  it('until the last of the authorities ends: an old one stays in the file while it is replaced', () => {
    const ca = [-10, 300, 20].map((to) => makeAuthority('authority', { from: -400, to }).cert).join('');
    expect(inDays(authorityValidity(material('', ca)).untilMs)).toBe(300);
  });
});

describe('the end of a certificate is near', () => {
  const validity = (days: number) => ({ fromMs: 0, untilMs: days * DAY_MS });

  it('14 days before it, and from then on', () => {
    const year = validity(365);
    expect(endsSoon(year, 351 * DAY_MS - 1)).toBe(false);
    for (const day of [351, 360, 365, 400]) expect(endsSoon(year, day * DAY_MS)).toBe(true);
  });

  it('in the last quarter of its time, where that is shorter: others are renewed every few hours', () => {
    const short = validity(1);
    expect(endsSoon(short, 0.74 * DAY_MS)).toBe(false);
    expect(endsSoon(short, 0.75 * DAY_MS)).toBe(true);
    expect(endsSoon(validity(56), 42 * DAY_MS)).toBe(true);
  });

  it('never, where its dates cannot be read', () => {
    expect(endsSoon({ fromMs: Number.NaN, untilMs: Number.NaN }, 0)).toBe(false);
  });
});
