// An address for health checks and nothing else. Where Envoy comes over a Unix socket, a kubelet cannot: its gRPC probe
// needs a port on the pod's address. Anyone may ask there how Sluice is, and nobody can make it decide or feed it a log.
// Whatever transport Envoy uses, this is the direct one: the library would cost more memory than all of Sluice.

import { parseAddress } from './address.js';
import { Connection, type ConnectionOptions } from './h2/connection.js';
import { LIMITS } from './h2/limits.js';
import { healthRouter } from './h2/services.js';
import { HealthBoard } from './health-board.js';
import type { TransportHooks } from './hooks.js';
import { createListener, type Listener, startListening } from './listener.js';

export interface HealthServerOptions {
  /** As in `GrpcServerOptions`. */
  readonly address: string;
  readonly socketMode: number;
  /** What is answered, until `drain`. */
  readonly serving: () => boolean;
  readonly hooks: TransportHooks;
}

export interface HealthServer {
  /** As bound. */
  readonly address: string;
  /** From now on the answer is "not serving". */
  drain(): void;
  /** Cuts off who is still connected. Further calls give the first one's promise. */
  close(): Promise<void>;
}

/**
 * In plain text, also where the gRPC address wants certificates.
 * @throws RangeError for an address that cannot be read, Error where it is taken.
 */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const wanted = parseAddress(options.address);
  const board = new HealthBoard(options.serving);
  const { listener, connections } = build(board, options.hooks);
  const address = await startListening(listener, wanted, options.socketMode);
  let closed: Promise<void> | undefined;
  return {
    address,
    drain: () => board.drain(),
    close: () => {
      closed ??= cutOff(listener, connections, board);
      return closed;
    },
  };
}

function build(board: HealthBoard, hooks: TransportHooks) {
  const connections = new Set<Connection>();
  const options: ConnectionOptions = {
    limits: LIMITS,
    route: healthRouter(board),
    now: () => performance.now(),
    refused: (what) => hooks.refused(what),
    fault: (error) => hooks.fault('connection', error),
    closed: (connection) => connections.delete(connection),
  };
  const listener = createListener({ hooks }, (socket) => connections.add(new Connection(socket, options)));
  listener.server.maxConnections = LIMITS.maxConnections;
  return { listener, connections };
}

async function cutOff(listener: Listener, connections: ReadonlySet<Connection>, board: HealthBoard): Promise<void> {
  board.endAll();
  const closed = listener.close();
  for (const connection of [...connections]) connection.destroy();
  listener.dispose();
  await closed;
}
