// TLS with client certificates between Envoy and Sluice, as the README tells both of them.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TlsFiles } from '../../src/server/tls/material.js';
import { cluster, type JsonObject } from './bootstrap.js';
import type { Authority, Certificate } from './certificates.js';

/** By which Envoy knows Sluice. */
export const SLUICE_NAME = 'sluice.internal';

/** As a secret of Kubernetes names them. */
export const TLS_NAMES: TlsFiles = { cert: 'tls.crt', key: 'tls.key', clientCa: 'ca.crt' };

export function tlsFilesIn(directory: string): TlsFiles {
  const { cert, key, clientCa } = TLS_NAMES;
  return { cert: join(directory, cert), key: join(directory, key), clientCa: join(directory, clientCa) };
}

/** Writes what Sluice needs into that directory. */
export function writeTlsFiles(directory: string, authority: Authority, own = authority.issue(SLUICE_NAME)): TlsFiles {
  const files = tlsFilesIn(directory);
  writeCertificate(files, own);
  writeFileSync(files.clientCa, authority.cert);
  return files;
}

/** Over the old one. */
export function writeCertificate(files: TlsFiles, { cert, key }: Certificate): void {
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key);
}

/** Of `sluice serve`. */
export function tlsArguments({ cert, key, clientCa }: TlsFiles): readonly string[] {
  return ['--grpc-tls-cert', cert, '--grpc-tls-key', key, '--grpc-tls-client-ca', clientCa];
}

/** Makes an Envoy speak TLS to Sluice, as `own`; the files for it go into that directory. */
export function securedEnvoy(
  directory: string,
  authority: Authority,
  own: Certificate,
): (bootstrap: JsonObject) => void {
  const file = (name: string, text: string) => {
    writeFileSync(join(directory, name), text);
    return { filename: join(directory, name) };
  };
  return (bootstrap) => {
    cluster(bootstrap, 'sluice').transport_socket = {
      name: 'envoy.transport_sockets.tls',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
        sni: SLUICE_NAME,
        common_tls_context: {
          alpn_protocols: ['h2'],
          tls_certificates: [
            { certificate_chain: file('envoy.crt', own.cert), private_key: file('envoy.key', own.key) },
          ],
          validation_context: {
            trusted_ca: file('envoy-ca.crt', authority.cert),
            match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: SLUICE_NAME } }],
          },
        },
      },
    };
  };
}
