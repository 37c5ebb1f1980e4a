// The HTTP server itself: its limits, where it listens, and how it ends. Node's own, as what is to be served are a few small
// answers, and every sidecar of a mesh pays for what a framework keeps in memory.

import { createServer, type RequestListener, type Server } from 'node:http';
import { type Address, formatAddress, listenOptions, parseAddress } from '../../server/address.js';
import { listenOn } from '../../server/socket-mode.js';

const KEEP_ALIVE_MS = 30_000;

/** @param requestTimeoutMs for a client to send a whole request. */
export function newServer(requestTimeoutMs: number, listener: RequestListener): Server {
  // Node looks for late requests only so often; its default is 30 s.
  const connectionsCheckingInterval = Math.min(1000, requestTimeoutMs);
  const server = createServer(
    { requestTimeout: requestTimeoutMs, keepAliveTimeout: KEEP_ALIVE_MS, connectionsCheckingInterval },
    (request, response) => {
      // Of a server that closes, a connection without anything to answer would hold up the end.
      response.once('finish', () => {
        if (!server.listening) server.closeIdleConnections();
      });
      listener(request, response);
    },
  );
  return server;
}

/** @throws Error where it cannot. @returns the address with the port that was taken. */
export async function listen(
  server: Server,
  address: string,
  socketMode: number,
  fault: (error: unknown) => void,
): Promise<string> {
  const wanted = parseAddress(address);
  await listenOn(wanted, socketMode, () => bind(server, wanted));
  // Before this, an error of the server is the failure of `bind`.
  server.on('error', fault);
  const bound = server.address();
  if (bound === null || typeof bound === 'string') return formatAddress(wanted);
  return formatAddress({ kind: 'tcp', host: bound.address, port: bound.port });
}

function bind(server: Server, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(listenOptions(address), () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Idle connections end at once, answers under way get their time, then everything ends. */
export async function closeServer(server: Server, graceMs: number): Promise<void> {
  const timer = setTimeout(() => server.closeAllConnections(), graceMs).unref();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  clearTimeout(timer);
}
