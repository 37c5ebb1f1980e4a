// The direct transport: HTTP/2 and gRPC on plain sockets, made for one trusted peer and safe against any other. One
// address for decisions, trace and health, as on grpc-js, and the same way to end.

import { createServer, type Server } from 'node:net';
import { type Address, formatAddress, listenOptions, parseAddress } from '../address.js';
import { atMost } from '../at-most.js';
import { HealthBoard } from '../health-board.js';
import { OpenStreams } from '../open-streams.js';
import { DEFAULT_SOCKET_MODE, listenOn } from '../socket-mode.js';
import type { GrpcServerOptions, RunningGrpcServer } from '../transport.js';
import { OpenLogs } from './access-log-call.js';
import { Connection, type ConnectionOptions } from './connection.js';
import { LIMITS, type Limits } from './limits.js';
import { router } from './services.js';

interface Parts {
  readonly server: Server;
  readonly connections: Set<Connection>;
  readonly streams: OpenStreams;
  readonly logs: OpenLogs;
  readonly health: HealthBoard;
}

function build({ openStream, traced, serving, hooks }: GrpcServerOptions, limits: Limits): Parts {
  const streams = new OpenStreams();
  const logs = new OpenLogs();
  const health = new HealthBoard(serving);
  const connections = new Set<Connection>();
  const options: ConnectionOptions = {
    limits,
    route: router({
      process: { openStream, hooks: streams.counting(hooks) },
      logs: { traced, hooks },
      openLogs: logs,
      health,
    }),
    now: () => performance.now(),
    fault: (error) => hooks.fault('connection', error),
    closed: (connection) => connections.delete(connection),
  };
  const server = createServer((socket) => connections.add(new Connection(socket, options)));
  // Once it listens: a connection that could not be accepted. The others go on.
  server.on('listening', () => server.on('error', options.fault));
  server.maxConnections = limits.maxConnections;
  return { server, connections, streams, logs, health };
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

/** Resolves when the last connection is gone: they are asked to go now, and cut off after `graceMs`. */
async function closeAll({ server, connections }: Parts, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const connection of [...connections]) connection.drain();
  await atMost(graceMs, closed);
  for (const connection of [...connections]) connection.destroy();
  await closed;
}

async function shutDown(parts: Parts, graceMs: number): Promise<void> {
  parts.health.drain();
  const closed = closeAll(parts, graceMs);
  await atMost(graceMs, parts.streams.idle());
  // These stay open for as long as Envoy lives: left alone, they would hold the connection to the last moment.
  parts.logs.endAll();
  parts.health.endAll();
  await closed;
}

/**
 * @param limits what one peer may cost; for tests of the limits.
 * @throws RangeError for an address that cannot be read, Error where it is taken.
 */
export async function startDirectServer(
  options: GrpcServerOptions,
  limits: Limits = LIMITS,
): Promise<RunningGrpcServer> {
  const wanted = parseAddress(options.address);
  const parts = build(options, limits);
  const listen = () => bind(parts.server, wanted);
  const address = formatAddress(await listenOn(wanted, options.socketMode ?? DEFAULT_SOCKET_MODE, listen));
  let draining: Promise<void> | undefined;
  return {
    address,
    notServing: () => parts.health.drain(),
    drain(graceMs) {
      draining ??= shutDown(parts, graceMs);
      return draining;
    },
  };
}
