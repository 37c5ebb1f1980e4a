// Certificates that end, as users see them: the built program.

import { expect, it } from 'vitest';
import { makeAuthority } from '../../support/certificates.js';
import { eventually } from '../../support/eventually.js';
import { SLUICE_NAME, tlsArguments } from '../../support/mtls.js';
import { startSluice } from '../../support/sluice.js';
import { written } from './support.js';

const EXPIRES = 'sluice_tls_certificate_expiration_timestamp_seconds';
const DAY_S = 86_400;

it('sluice serve tells of a certificate that ends soon, at the start and when it is renewed, and shows the date', async () => {
  const authority = makeAuthority();
  const { files, write } = written(authority, authority.issue(SLUICE_NAME, { from: -80, to: 10 }));
  const sluice = await startSluice({ policy: {}, args: tlsArguments(files) });
  try {
    const daysLeft = async () =>
      Math.round(((await sluice.metrics()).metric(EXPIRES, { file: 'cert' }) - Date.now() / 1000) / DAY_S);
    const warned = () => sluice.logs().filter(({ event }) => event === 'tls_expiring');
    expect(await daysLeft()).toBe(10);
    await eventually(() => expect(warned()).toEqual([expect.objectContaining({ file: files.cert, expired: false })]));
    write(authority.issue(SLUICE_NAME, { from: -80, to: 12 }));
    await eventually(async () => expect(await daysLeft()).toBe(12));
    await eventually(() => expect(warned()).toHaveLength(2));
    write(authority.issue(SLUICE_NAME, { from: -1, to: 90 }));
    await eventually(async () => expect(await daysLeft()).toBe(90));
    await eventually(() => expect(sluice.logs().filter(({ event }) => event === 'tls_applied')).toHaveLength(2));
    expect(warned()).toHaveLength(2);
  } finally {
    await sluice.stop();
  }
}, 90_000);

it('sluice serve without TLS shows no date', async () => {
  const sluice = await startSluice({ policy: {} });
  try {
    expect((await sluice.metrics()).samples.filter(({ name }) => name.includes('certificate'))).toEqual([]);
  } finally {
    await sluice.stop();
  }
}, 60_000);
