// An address for health checks and nothing else. Where Envoy comes over a Unix socket, a kubelet cannot: its gRPC probe
// needs a port on the pod's address. Anyone may ask there how Sluice is, and nobody can make it decide or feed it a log.

import { Server } from '@grpc/grpc-js';
import { formatAddress, parseAddress } from './address.js';
import { bind } from './grpc.js';
import { addHealth } from './health.js';
import { HealthBoard } from './health-board.js';
import { listenOn } from './socket-mode.js';

export interface HealthServerOptions {
  /** As in `GrpcServerOptions`. */
  readonly address: string;
  readonly socketMode: number;
  /** What is answered, until `drain`. */
  readonly serving: () => boolean;
}

export interface HealthServer {
  /** As bound. */
  readonly address: string;
  /** From now on the answer is "not serving". */
  drain(): void;
  /** Cuts off who is still connected. Further calls give the first one's promise. */
  close(): Promise<void>;
}

/** @throws RangeError for an address that cannot be read, Error where it is taken. */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const wanted = parseAddress(options.address);
  const server = new Server();
  const board = new HealthBoard(options.serving);
  addHealth(server, board);
  let closed: Promise<void> | undefined;
  const address = formatAddress(await listenOn(wanted, options.socketMode, () => bind(server, wanted)));
  return {
    address,
    drain: () => board.drain(),
    close: () => {
      closed ??= cutOff(server, board);
      return closed;
    },
  };
}

function cutOff(server: Server, board: HealthBoard): Promise<void> {
  board.endAll();
  return new Promise((resolve) => {
    server.tryShutdown(() => resolve());
    server.forceShutdown();
  });
}
