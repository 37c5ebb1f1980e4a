// What the gRPC port needs to speak TLS and to know its clients. All of it is checked before it is used: a pair that does
// not belong together would only show when Envoy cannot connect, and that fails open in silence.

import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';

/** Paths of PEM files. */
export interface TlsFiles {
  /** The server's certificate, and those between it and the root. */
  readonly cert: string;
  readonly key: string;
  /** Who signs the certificates of clients: one without such a certificate is not served. */
  readonly clientCa: string;
}

/** Of one moment: the three belong together. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** @throws Error that names the file and what is wrong with it. */
export async function loadTls(files: TlsFiles): Promise<TlsMaterial> {
  const [cert, key, ca] = await Promise.all([files.cert, files.key, files.clientCa].map((file) => read(file)));
  if (cert === undefined || key === undefined || ca === undefined) throw new Error('unreachable: three were read');
  checkCertificates(files.cert, cert);
  checkCertificates(files.clientCa, ca);
  try {
    createSecureContext({ cert, key, ca });
  } catch (cause) {
    throw new Error(`${files.key}: no private key without a passphrase for ${files.cert} (${words(cause)})`, { cause });
  }
  return { cert, key, ca };
}

async function read(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new Error(`${file}: cannot be read (${words(cause)})`, { cause });
  }
}

/** Each by itself, in the order of the file. */
export function certificatesIn(pem: Buffer): readonly string[] {
  return pem.toString('latin1').match(CERTIFICATE) ?? [];
}

/** OpenSSL takes a file without any for one that is in order. */
function checkCertificates(file: string, pem: Buffer): void {
  const found = certificatesIn(pem);
  if (found.length === 0) throw new Error(`${file}: no certificate in it; it has to be PEM`);
  for (const each of found) {
    try {
      new X509Certificate(each);
    } catch (cause) {
      throw new Error(`${file}: a certificate in it is damaged (${words(cause)})`, { cause });
    }
  }
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
