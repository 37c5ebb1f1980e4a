// The direct transport: HTTP/2 and gRPC on plain sockets, made for one trusted peer and safe against any other. One
// address for decisions, trace and health, as on grpc-js, and the same way to end.

import { parseAddress } from '../address.js';
import { atMost } from '../at-most.js';
import { HealthBoard } from '../health-board.js';
import { createListener, type Listener, startListening } from '../listener.js';
import { OpenStreams } from '../open-streams.js';
import type { GrpcServerOptions, RunningGrpcServer } from '../transport.js';
import { OpenLogs } from './access-log-call.js';
import { Connection, type ConnectionOptions } from './connection.js';
import { LIMITS, type Limits } from './limits.js';
import { router } from './services.js';

interface Parts {
  readonly listener: Listener;
  readonly connections: Set<Connection>;
  readonly streams: OpenStreams;
  readonly logs: OpenLogs;
  readonly health: HealthBoard;
}

function build(options: GrpcServerOptions, limits: Limits): Parts {
  const { openStream, traced, serving, hooks } = options;
  const streams = new OpenStreams();
  const logs = new OpenLogs();
  const health = new HealthBoard(serving);
  const connections = new Set<Connection>();
  const connectionOptions: ConnectionOptions = {
    limits,
    route: router({
      process: { openStream, hooks: streams.counting(hooks) },
      logs: { traced, hooks },
      openLogs: logs,
      health,
    }),
    now: () => performance.now(),
    refused: (what) => hooks.refused(what),
    fault: (error) => hooks.fault('connection', error),
    closed: (connection) => connections.delete(connection),
  };
  const listener = createListener(options, (socket) => connections.add(new Connection(socket, connectionOptions)));
  listener.server.maxConnections = limits.maxConnections;
  return { listener, connections, streams, logs, health };
}

/** Resolves when the last connection is gone: they are asked to go now, and cut off after `graceMs`. */
async function closeAll({ listener, connections }: Parts, graceMs: number): Promise<void> {
  const closed = listener.close();
  for (const connection of [...connections]) connection.drain();
  await atMost(graceMs, closed);
  for (const connection of [...connections]) connection.destroy();
  listener.dispose();
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
  const address = await startListening(parts.listener, wanted, options.socketMode);
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
