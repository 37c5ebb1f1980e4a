// The port itself, with TLS or without: accepts connections, and says where it listens.

import { createServer, type Server, type Socket } from 'node:net';
import { type Address, formatAddress, listenOptions } from './address.js';
import { DEFAULT_SOCKET_MODE, listenOn } from './socket-mode.js';
import { tlsServer } from './tls/server.js';
import type { GrpcServerOptions } from './transport.js';

export interface Listener {
  readonly server: Server;
  /** Accepts no connection from now on; resolves when the last of them is gone. */
  close(): Promise<void>;
  /** Cuts off those that have not got as far as to be served. After `close`. */
  dispose(): void;
}

/** @param serve a new connection; with TLS, one whose client is trusted. */
export function createListener(
  { tls, hooks }: Pick<GrpcServerOptions, 'tls' | 'hooks'>,
  serve: (socket: Socket) => void,
): Listener {
  const fault = (error: Error) => hooks.fault('connection', error);
  const { server, dispose } =
    tls === undefined ? { server: createServer(serve), dispose: () => undefined } : tlsServer(tls, serve, fault);
  // Once it listens: a connection that could not be accepted. The others go on.
  server.on('listening', () => server.on('error', fault));
  return { server, close: () => new Promise((resolve) => server.close(() => resolve())), dispose };
}

/** @throws Error where it is taken. */
export async function startListening(
  { server }: Listener,
  wanted: Address,
  socketMode = DEFAULT_SOCKET_MODE,
): Promise<string> {
  return formatAddress(await listenOn(wanted, socketMode, () => bind(server, wanted)));
}

function bind(server: Server, address: Address): Promise<Address> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new Error(`gRPC cannot listen on ${formatAddress(address)}: ${cause.message}`, { cause }));
    });
    server.listen(listenOptions(address), () => {
      const bound = server.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
      resolve(address.kind === 'tcp' ? { ...address, port } : address);
    });
  });
}
