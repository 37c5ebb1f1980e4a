// The gRPC port with TLS in front of it, whatever transport is behind: it gets the sockets of clients that have proven who
// they are, and never sees the others.

import type { Server, Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type { TlsMaterial } from './material.js';
import type { TlsSource } from './source.js';

/** gRPC is HTTP/2, and says so in the handshake. */
const HTTP2 = 'h2';
/** Who says nothing holds nothing. */
const HANDSHAKE_MS = 10_000;

export interface TlsServer {
  readonly server: Server;
  /** Cuts off whoever is left, in the midst of a handshake perhaps, and follows the source no more. */
  dispose(): void;
}

/**
 * @param serve a client's socket, once it is trusted.
 * @param refused a client could not be trusted, or it does not trust us: it may well be Envoy, with the wrong certificate.
 */
export function tlsServer(
  source: TlsSource,
  serve: (socket: TLSSocket) => void,
  refused: (error: Error) => void,
): TlsServer {
  const sockets = new Set<Socket>();
  const server = createServer({
    ...required(source.current),
    ALPNProtocols: [HTTP2],
    handshakeTimeout: HANDSHAKE_MS,
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('secureConnection', (socket) => {
    if (socket.alpnProtocol === HTTP2) return serve(socket);
    refused(new Error('a client did not say that it speaks HTTP/2'));
    socket.destroy();
  });
  server.on('tlsClientError', (error, { authorizationError: why }) => {
    // Node only says of these that they are gone.
    if (why) refused(new Error(`the certificate of a client was refused: ${String(why)}`));
    else if (!isHangUp(error)) refused(error);
  });
  const unsubscribe = source.subscribe((material) => server.setSecureContext(required(material)));
  return {
    server,
    dispose: () => {
      unsubscribe();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function required(material: TlsMaterial) {
  return { ...material, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2' as const };
}

/** Whoever only looks whether the port is open hangs up at once. */
function isHangUp(error: Error): boolean {
  return 'code' in error && error.code === 'ECONNRESET';
}
