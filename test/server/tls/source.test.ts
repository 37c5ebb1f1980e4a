import { rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadTls, type TlsFiles, type TlsMaterial } from '../../../src/server/tls/material.js';
import { openTlsSource } from '../../../src/server/tls/source.js';
import { type Certificate, makeAuthority } from '../../support/certificates.js';
import { eventually } from '../../support/eventually.js';
import { SLUICE_NAME } from '../../support/mtls.js';
import { mounted, written } from './support.js';

const authority = makeAuthority();

async function watched(files: TlsFiles) {
  const used: TlsMaterial[] = [];
  const rejected: unknown[] = [];
  const inUse: TlsMaterial[] = [];
  let applied = 0;
  const source = await openTlsSource(files, {
    inUse: (material) => inUse.push(material),
    applied: () => applied++,
    rejected: (error) => rejected.push(error),
  });
  onTestFinished(() => source.close());
  source.subscribe((material) => used.push(material));
  return { source, used, rejected, inUse, applied: () => applied };
}

/** Looked at every second, twice each: plenty of time for that. */
const SOON_MS = 15_000;

describe('the files of TLS', () => {
  it('are taken where they belong together', async () => {
    const server = authority.issue(SLUICE_NAME);
    const material = await loadTls(written(authority, server).files);
    expect(material.cert.toString()).toBe(server.cert);
    expect(material.ca.toString()).toBe(authority.cert);
  });

  const other = authority.issue(SLUICE_NAME);
  it.each([
    [
      'the key is of another certificate',
      'key',
      other.key,
      /tls\.key: no private key without a passphrase for .*tls\.crt/,
    ],
    ['the key is none', 'key', 'secret', /tls\.key: no private key/],
    ['the certificate is none', 'cert', 'hello', /tls\.crt: no certificate in it; it has to be PEM/],
    ['the certificate is cut short', 'cert', other.cert.slice(0, 200), /tls\.crt: no certificate in it/],
    ['the authority is none', 'clientCa', '', /ca\.crt: no certificate in it/],
    [
      'the authority is damaged',
      'clientCa',
      authority.cert.replace(/^M.{20}/m, 'MAAAAAAAAAAAAAAAAAAAA'),
      /ca\.crt: a certificate in it is damaged/,
    ],
  ] as const)('are refused where %s, and the file is named', async (_, which, text, message) => {
    const { files } = written(authority);
    writeFileSync(files[which], text);
    await expect(loadTls(files)).rejects.toThrow(message);
  });

  it('are refused where one is not there', async () => {
    const { files } = written(authority);
    rmSync(files.key);
    await expect(loadTls(files)).rejects.toThrow(/tls\.key: cannot be read \(ENOENT/);
    await expect(watched(files)).rejects.toThrow(/tls\.key/);
  });
});

describe('files that change', () => {
  it.each([
    ['written over', written],
    ['swapped by a link, as Kubernetes does', mounted],
  ] as const)(
    'are used when they are %s',
    async (_, make) => {
      const { files, write } = make(authority);
      const { source, used, inUse, applied } = await watched(files);
      const first = source.current;
      const next = authority.issue(SLUICE_NAME);
      write(next);
      await eventually(() => expect(applied()).toBe(1), SOON_MS);
      expect(inUse).toEqual([first, source.current]);
      expect(source.current.cert.toString()).toBe(next.cert);
      expect(used.map(({ key }) => key.toString())).toEqual([next.key]);
    },
    30_000,
  );

  it('and cannot be used leave those in use, and are told of once; then good ones are used', async () => {
    const first = authority.issue(SLUICE_NAME);
    const { files, write } = written(authority, first);
    const { source, used, rejected } = await watched(files);
    const mixed: Certificate = { cert: authority.issue(SLUICE_NAME).cert, key: authority.issue(SLUICE_NAME).key };
    write(mixed);
    await eventually(() => expect(rejected).toHaveLength(1), SOON_MS);
    expect(String(rejected[0])).toContain(files.key);
    expect([source.current.cert.toString(), used]).toEqual([first.cert, []]);
    rmSync(files.cert);
    await eventually(() => expect(rejected).toHaveLength(2), SOON_MS);
    const good = authority.issue(SLUICE_NAME);
    write(good);
    await eventually(() => expect(source.current.cert.toString()).toBe(good.cert), SOON_MS);
    expect(rejected).toHaveLength(2);
  }, 60_000);
});
