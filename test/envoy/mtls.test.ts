// TLS with client certificates between Envoy and Sluice: what has to be told to Envoy, and that new certificates need no
// restart of either.

import { connect } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { TlsFiles } from '../../src/server/tls/material.js';
import { TRANSPORT_NAMES } from '../../src/server/transport-names.js';
import { directory, mounted } from '../server/tls/support.js';
import { inTurn, respond } from '../support/behaviour.js';
import type { JsonObject } from '../support/bootstrap.js';
import { type Authority, type Certificate, fingerprintOf, makeAuthority } from '../support/certificates.js';
import { eventually } from '../support/eventually.js';
import { startMesh } from '../support/mesh.js';
import { SLUICE_NAME, securedEnvoy, tlsArguments } from '../support/mtls.js';
import { recordOf, settled } from '../support/settled.js';
import { expectNothingLost } from './rows/run.js';

const policy = {
  clusters: { flaky: { retry: { judge: true, maxRetries: 1, statuses: [503], backoff: { base: '1ms' } } } },
};
const LOST = 'http.ingress.ext_proc.failure_mode_allowed';

function sluiceArguments(transport: string, files: TlsFiles): string[] {
  return ['--transport', transport, ...tlsArguments(files)];
}

function secured(authority: Authority, own: Certificate): (bootstrap: JsonObject) => void {
  return securedEnvoy(directory(), authority, own);
}

/** What a new connection of Envoy's would be shown. */
async function shownBy(grpc: string, authority: Authority): Promise<string> {
  const own = authority.issue('looks');
  const [host = '', port = ''] = grpc.split(':');
  const trust = { ca: authority.cert, servername: SLUICE_NAME, ALPNProtocols: ['h2'] };
  const socket = connect({ host, port: Number(port), cert: own.cert, key: own.key, ...trust });
  return new Promise((resolve, reject) => {
    socket.once('error', reject).once('secureConnect', () => {
      resolve(fingerprintOf(socket.getPeerX509Certificate()?.toString() ?? ''));
      socket.destroy();
    });
  });
}

describe.each(TRANSPORT_NAMES)('over %s, with TLS', (transport) => {
  it('decisions and trace go as they do without, and new certificates come into use while they do', async () => {
    const authority = makeAuthority();
    const { files, write } = mounted(authority);
    await using mesh = await startMesh({
      policy,
      sluice: { args: sluiceArguments(transport, files) },
      envoy: { patch: secured(authority, authority.issue('envoy')) },
    });
    mesh.upstreams.flaky.behave(inTurn(respond(503), respond(200)));
    expect((await mesh.request('/flaky/x')).status).toBe(200);
    const record = await recordOf(mesh, '/flaky/x');
    expect(record).toMatchObject({ result: 'success', attempts: [{ status: 503 }, { status: 200 }] });

    const next = authority.issue(SLUICE_NAME);
    write(next);
    await eventually(async () => {
      const metrics = await mesh.sluice.metrics();
      expect(metrics.metric('sluice_tls_reloads_total', { result: 'applied' })).toBe(1);
    }, 20_000);
    expect(await shownBy(mesh.sluice.grpc, authority)).toBe(fingerprintOf(next.cert));
    expect((await mesh.request('/flaky/y')).status).toBe(200);
    await recordOf(mesh, '/flaky/y');

    write({ cert: next.cert, key: authority.issue(SLUICE_NAME).key });
    await eventually(() => {
      const told = mesh.sluice.logs().filter(({ event }) => event === 'tls_rejected');
      expect(told).toMatchObject([{ level: 'error', file: files.cert, error: expect.stringContaining(files.key) }]);
    }, 20_000);
    expect(await shownBy(mesh.sluice.grpc, authority)).toBe(fingerprintOf(next.cert));
    await expectNothingLost(mesh, await settled(mesh));
  });

  it('an Envoy with a certificate of somebody else gets no decision, and its traffic goes on without', async () => {
    const authority = makeAuthority();
    const { files } = mounted(authority);
    await using mesh = await startMesh({
      policy,
      sluice: { args: sluiceArguments(transport, files) },
      envoy: { patch: secured(authority, makeAuthority('another').issue('envoy')) },
    });
    expect((await mesh.request('/primary/x')).status).toBe(200);
    expect(await mesh.envoy.counter(LOST)).toBeGreaterThan(0);
    await eventually(() => {
      const told = mesh.sluice.logs().filter(({ event }) => event === 'fault');
      expect(told[0]).toMatchObject({ error: expect.stringContaining('the certificate of a client was refused') });
    });
    expect((await mesh.sluice.metrics()).metric('sluice_requests_total')).toBe(0);
  });
});

describe('sluice serve', () => {
  it('does not start with certificates that cannot be used, and names the file', async () => {
    const { files, write } = mounted(makeAuthority());
    write({ cert: 'none', key: 'none' });
    const starting = startMesh({ policy, sluice: { args: sluiceArguments('direct', files) } });
    onTestFinished(() => starting.then((mesh) => mesh[Symbol.asyncDispose]()).catch(() => undefined));
    await expect(starting).rejects.toThrow(/exit code 1.*tls\.crt: no certificate in it/s);
  });

  it('takes all three files or none', async () => {
    const starting = startMesh({ policy, sluice: { args: ['--grpc-tls-cert', '/some/file'] } });
    await expect(starting).rejects.toThrow(/exit code 2.*all three of --grpc-tls-cert/s);
  });
});
