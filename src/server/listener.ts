// The port itself, with TLS or without: accepts connections, and says where it listens.

import { createServer, type Server, type Socket } from 'node:net';
import { type Address, formatAddress, listenOptions } from './address.js';
import type { TransportHooks } from './hooks.js';
import { DEFAULT_SOCKET_MODE, listenOn } from './socket-mode.js';
import { type SocketWatch, watchSocket } from './socket-watch.js';
import { tlsServer } from './tls/server.js';
import type { GrpcServerOptions } from './transport.js';

export interface Listener {
  readonly server: Server;
  readonly hooks: TransportHooks;
  /** Of the file of a Unix socket, once it listens. */
  watch: SocketWatch | null;
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
  server.on('drop', () => hooks.refused('connection'));
  // While it listens: a connection that could not be accepted. The others go on.
  server.on('error', (error) => {
    if (server.listening) fault(error);
  });
  const close = () => {
    listener.watch?.close();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  const listener: Listener = { server, hooks, watch: null, close, dispose };
  return listener;
}

/** @throws Error where it is taken. */
export async function startListening(
  listener: Listener,
  wanted: Address,
  socketMode = DEFAULT_SOCKET_MODE,
): Promise<string> {
  const { server, hooks } = listener;
  const listen = () => listenOn(wanted, socketMode, () => bind(server, wanted));
  const address = formatAddress(await listen());
  const listenAnew = () => {
    // The connections that there are go on: closing only ends listening.
    server.close();
    return listen();
  };
  listener.watch = watchSocket(wanted, listenAnew, hooks);
  return address;
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
