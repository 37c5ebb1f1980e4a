// What operators see of the certificates of the gRPC port.

import { describe, expect, it } from 'vitest';
import { tlsObserver } from '../../src/observe/tls.js';
import type { TlsMaterial } from '../../src/server/tls/material.js';
import { type Days, makeAuthority } from '../support/certificates.js';
import { aLogger, newMetrics, scrape, seriesOf } from './support.js';

const EXPIRES = 'sluice_tls_certificate_expiration_timestamp_seconds';
const BEGINS = 'sluice_tls_certificate_not_before_timestamp_seconds';
const DAY_S = 86_400;
const FILES = { cert: '/tls.crt', key: '/tls.key', clientCa: '/ca.crt' };

function material(cert: Days, ca: Days): TlsMaterial {
  const authority = makeAuthority('authority', ca);
  const issued = authority.issue('sluice.internal', cert);
  return { cert: Buffer.from(issued.cert), key: Buffer.from(issued.key), ca: Buffer.from(authority.cert) };
}

function watched() {
  const { logger, lines } = aLogger();
  const metrics = newMetrics();
  const told = tlsObserver({ files: FILES, metrics, logger, wallNow: Date.now });
  const daysLeft = async (file: string) =>
    Math.round(((seriesOf(await scrape(metrics), EXPIRES, { file }) ?? Number.NaN) - Date.now() / 1000) / DAY_S);
  return { told, metrics, lines, daysLeft };
}

const LONG: Days = { from: -10, to: 300 };

describe('certificates in use', () => {
  it('are shown with their dates, in seconds since the epoch, and nobody is warned while they last', async () => {
    const { told, metrics, lines, daysLeft } = watched();
    told.inUse(material({ from: -1, to: 60 }, LONG));
    expect([await daysLeft('cert'), await daysLeft('client_ca')]).toEqual([60, 300]);
    const families = await scrape(metrics);
    const lasts =
      (seriesOf(families, EXPIRES, { file: 'cert' }) ?? 0) - (seriesOf(families, BEGINS, { file: 'cert' }) ?? 0);
    expect(lasts).toBe(61 * DAY_S);
    expect(lines.all).toEqual([]);
  });

  it('are not shown where there are none', async () => {
    const families = await scrape(watched().metrics);
    expect(families.filter(({ name, samples }) => name.includes('certificate') && samples.length > 0)).toEqual([]);
  });

  it('that end within 14 days are warned of, by file and date', () => {
    const { told, lines } = watched();
    told.inUse(material({ from: -90, to: 13 }, LONG));
    const date = new Date(Date.now() + 13 * DAY_S * 1000).toISOString().slice(0, 10);
    expect(lines.all).toEqual([
      expect.objectContaining({ event: 'tls_expiring', level: 'warn', file: FILES.cert, expired: false }),
    ]);
    // Midnight may have passed in between.
    expect(Math.abs(Date.parse(String(lines.all[0]?.notAfter)) - Date.parse(date))).toBeLessThan(2 * DAY_S * 1000);
  });

  it('that have ended are warned of as that, the authority of clients too', () => {
    const { told, lines } = watched();
    told.inUse(material({ from: -90, to: -1 }, { from: -900, to: -2 }));
    expect(lines.of('tls_expiring').map(({ file, expired }) => [file, expired])).toEqual([
      [FILES.cert, true],
      [FILES.clientCa, true],
    ]);
  });

  it('take the place of those before, and are warned of anew where they are no better', async () => {
    const { told, lines, daysLeft } = watched();
    for (const to of [5, 6, 80]) told.inUse(material({ from: -90, to }, LONG));
    expect(await daysLeft('cert')).toBe(80);
    expect(lines.of('tls_expiring')).toHaveLength(2);
  });
});

describe('new files', () => {
  it('are counted and told of, whether they can be used or not', async () => {
    const { told, metrics, lines } = watched();
    told.applied();
    told.rejected(new Error('/tls.key: no private key'));
    const families = await scrape(metrics);
    for (const result of ['applied', 'rejected'])
      expect(seriesOf(families, 'sluice_tls_reloads_total', { result })).toBe(1);
    expect(lines.all.map(({ event, file }) => [event, file])).toEqual([
      ['tls_applied', FILES.cert],
      ['tls_rejected', FILES.cert],
    ]);
  });
});
