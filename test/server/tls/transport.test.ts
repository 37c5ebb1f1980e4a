// The gRPC port with TLS: whoever has no certificate of the right authority gets nowhere, over either transport.

import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { credentials, status } from '@grpc/grpc-js';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { TlsMaterial } from '../../../src/server/tls/material.js';
import type { TlsSource } from '../../../src/server/tls/source.js';
import { type Authority, type Certificate, fingerprintOf, makeAuthority } from '../../support/certificates.js';
import { eventually } from '../../support/eventually.js';
import { SLUICE_NAME } from '../../support/mtls.js';
import { header, requestHeaders } from '../../wire/support/bytes.js';
import { EnvoyClient } from '../support/client.js';
import { overEachTransport, type Start } from '../support/harness.js';
import { directory } from './support.js';

const REQUEST = requestHeaders([header(':path', '/a')]);

function material({ cert, key }: Certificate, authority: Authority): TlsMaterial {
  return { cert: Buffer.from(cert), key: Buffer.from(key), ca: Buffer.from(authority.cert) };
}

/** What the files would give. */
class FakeSource implements TlsSource {
  current: TlsMaterial;
  readonly users = new Set<(material: TlsMaterial) => void>();

  constructor(current: TlsMaterial) {
    this.current = current;
  }

  subscribe(use: (material: TlsMaterial) => void): () => void {
    this.users.add(use);
    return () => void this.users.delete(use);
  }

  replace(next: TlsMaterial): void {
    this.current = next;
    for (const use of this.users) use(next);
  }

  close(): void {
    this.users.clear();
  }
}

const authority = makeAuthority();
const stranger = makeAuthority('another authority');

async function served(start: Start, address = '127.0.0.1:0') {
  const certificate = authority.issue(SLUICE_NAME);
  const source = new FakeSource(material(certificate, authority));
  return { source, certificate, ...(await start({ address, tls: source })) };
}

function clientOf(address: string, own: Certificate | null, trusts = authority): EnvoyClient {
  const [key, cert] = own === null ? [null, null] : [Buffer.from(own.key), Buffer.from(own.cert)];
  return new EnvoyClient(address, credentials.createSsl(Buffer.from(trusts.cert), key, cert));
}

async function answered(client: EnvoyClient): Promise<void> {
  const stream = client.process();
  stream.send(REQUEST);
  await stream.answer();
  stream.call.end();
  expect((await stream.status).code).toBe(status.OK);
}

async function refused(client: EnvoyClient): Promise<void> {
  const stream = client.process();
  stream.send(REQUEST);
  expect((await stream.status).code).toBe(status.UNAVAILABLE);
}

/** A connection by hand. */
async function shake(address: string, changes: object = {}): Promise<TLSSocket> {
  const [host = '', port = ''] = address.split(':');
  const own = authority.issue('client');
  const options = { host, port: Number(port), ca: authority.cert, servername: SLUICE_NAME, ALPNProtocols: ['h2'] };
  const socket = connect({ ...options, cert: own.cert, key: own.key, ...changes });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

async function certificateShown(address: string): Promise<string> {
  return fingerprintOf((await shake(address)).getPeerX509Certificate()?.toString() ?? '');
}

overEachTransport((start) => {
  describe('a client', () => {
    it('with a certificate of the authority is served', async () => {
      const { server, faults } = await served(start);
      await answered(clientOf(server.address, authority.issue('envoy')));
      expect(faults).toEqual([]);
    });

    it('is served over a Unix socket as well', async () => {
      const { server } = await served(start, `unix:${join(directory(), 's.sock')}`);
      await answered(clientOf(server.address, authority.issue('envoy')));
    });

    it.each([
      ['without a certificate', null],
      ['with one of another authority', stranger.issue('envoy')],
    ])('%s is refused, no handler ever hears of it, and somebody is told', async (_, own) => {
      const { server, handlers, faults } = await served(start);
      await refused(clientOf(server.address, own));
      expect(handlers).toEqual([]);
      await eventually(() => expect(faults.map(({ place }) => place)).toContain('connection'));
    });

    it('that speaks no TLS is refused', async () => {
      const { server, handlers } = await served(start);
      await refused(new EnvoyClient(server.address));
      expect(handlers).toEqual([]);
    });

    it('that does not say that it speaks HTTP/2 is refused', async () => {
      const { server, faults } = await served(start);
      const socket = await shake(server.address, { ALPNProtocols: undefined });
      await once(socket.resume(), 'close');
      expect(String(faults[0]?.error)).toContain('did not say that it speaks HTTP/2');
    });

    it('that only looks whether the port is open is no fault', async () => {
      const { server, faults } = await served(start);
      const [host = '', port = ''] = server.address.split(':');
      const socket = connectTcp(Number(port), host);
      await once(socket, 'connect');
      socket.resetAndDestroy();
      await answered(clientOf(server.address, authority.issue('envoy')));
      expect(faults).toEqual([]);
    });
  });

  describe('new certificates', () => {
    it('are shown to new connections, and open streams go on', async () => {
      const { server, source, certificate } = await served(start);
      expect(await certificateShown(server.address)).toBe(fingerprintOf(certificate.cert));
      const stream = clientOf(server.address, authority.issue('envoy')).process();
      stream.send(REQUEST);
      await stream.answer();

      const next = authority.issue(SLUICE_NAME);
      source.replace(material(next, authority));
      expect(await certificateShown(server.address)).toBe(fingerprintOf(next.cert));
      stream.call.end();
      expect((await stream.status).code).toBe(status.OK);
    });

    it('may bring another authority for clients: those of the old one are refused from then on', async () => {
      const { server, source, certificate } = await served(start);
      source.replace(material(certificate, stranger));
      await refused(clientOf(server.address, authority.issue('envoy')));
      await answered(clientOf(server.address, stranger.issue('envoy')));
    });
  });

  describe('draining', () => {
    it('lets open streams finish, cuts off half a handshake, and looks for no more certificates', async () => {
      const { server, source } = await served(start);
      const stream = clientOf(server.address, authority.issue('envoy')).process();
      stream.send(REQUEST);
      await stream.answer();
      const [host = '', port = ''] = server.address.split(':');
      const silent = connectTcp(Number(port), host);
      await once(silent, 'connect');
      const drained = server.drain(300);
      stream.call.end();
      expect((await stream.status).code).toBe(status.OK);
      await drained;
      if (!silent.closed) await once(silent.resume(), 'close');
      expect(source.users.size).toBe(0);
    });
  });
});
