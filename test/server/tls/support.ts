// The files that TLS needs, on a disk, written in the ways that others write them.

import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { TlsFiles } from '../../../src/server/tls/material.js';
import type { Authority, Certificate } from '../../support/certificates.js';
import { SLUICE_NAME, TLS_NAMES, tlsFilesIn, writeCertificate, writeTlsFiles } from '../../support/mtls.js';

export function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'sluice-tls-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export interface Written {
  readonly files: TlsFiles;
  /** Over the old ones. */
  write(server: Certificate): void;
}

export function written(authority: Authority, server: Certificate = authority.issue(SLUICE_NAME)): Written {
  const files = writeTlsFiles(directory(), authority, server);
  return { files, write: (next) => writeCertificate(files, next) };
}

/** As Kubernetes mounts a secret: names that lead through a link to a directory, which is swapped for another. */
export function mounted(authority: Authority, server: Certificate = authority.issue(SLUICE_NAME)): Written {
  const inside = directory();
  let version = 0;
  const write = (next: Certificate) => {
    const data = `..data-${version++}`;
    mkdirSync(join(inside, data));
    writeTlsFiles(join(inside, data), authority, next);
    symlinkSync(data, join(inside, '..new'));
    renameSync(join(inside, '..new'), join(inside, '..data'));
  };
  write(server);
  for (const name of Object.values(TLS_NAMES)) symlinkSync(join('..data', name), join(inside, name));
  return { files: tlsFilesIn(inside), write };
}
