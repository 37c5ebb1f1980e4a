// The gRPC server on grpc-js, the reference transport: one address for decisions, trace and health, and an end to it
// all that drops nothing.

import { Server, ServerCredentials, type ServerOptions } from '@grpc/grpc-js';
import { type AccessLogStreams, addAccessLogService } from './access-log.js';
import { type Address, formatAddress, parseAddress } from './address.js';
import { atMost } from './at-most.js';
import { addExternalProcessor } from './ext-proc.js';
import { addHealth } from './health.js';
import { HealthBoard } from './health-board.js';
import { createListener, startListening } from './listener.js';
import { OpenStreams } from './open-streams.js';
import { MAX_RECEIVED_BYTES, MAX_SENT_BYTES } from './services.js';
import { DEFAULT_SOCKET_MODE, listenOn } from './socket-mode.js';
import { watchSocket } from './socket-watch.js';
import type { GrpcServerOptions, RunningGrpcServer } from './transport.js';

/** Envoy puts every request in flight on one connection: the number of streams is its business, not ours. */
const MAX_CONCURRENT_STREAMS = 2 ** 31 - 1;
/** Finds out that a peer on another machine is gone; on one machine the kernel says so at once. */
const KEEPALIVE_MS = 60_000;
const KEEPALIVE_TIMEOUT_MS = 20_000;

const SERVER_OPTIONS: ServerOptions = {
  'grpc.max_concurrent_streams': MAX_CONCURRENT_STREAMS,
  'grpc.max_receive_message_length': MAX_RECEIVED_BYTES,
  'grpc.max_send_message_length': MAX_SENT_BYTES,
  'grpc.keepalive_time_ms': KEEPALIVE_MS,
  'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
  // Book-keeping per stream and message that nobody here asks for.
  'grpc.enable_channelz': 0,
};

interface Services {
  readonly server: Server;
  readonly streams: OpenStreams;
  readonly logs: AccessLogStreams;
  readonly health: HealthBoard;
}

function build({ openStream, traced, serving, hooks }: GrpcServerOptions): Services {
  const server = new Server(SERVER_OPTIONS);
  const streams = new OpenStreams();
  const health = new HealthBoard(serving);
  addExternalProcessor(server, { openStream, hooks: streams.counting(hooks) });
  addHealth(server, health);
  return { server, streams, logs: addAccessLogService(server, { traced, hooks }), health };
}

function bind(server: Server, address: Address): Promise<Address> {
  const text = formatAddress(address);
  return new Promise((resolve, reject) => {
    server.bindAsync(text, ServerCredentials.createInsecure(), (cause, port) => {
      if (cause !== null) reject(new Error(`gRPC cannot listen on ${text}: ${cause.message}`, { cause }));
      else resolve(address.kind === 'tcp' ? { ...address, port } : address);
    });
  });
}

/** Resolves when the last connection is gone: it has to be asked to go before. */
function shutdown(server: Server): Promise<void> {
  // It passes an error only where the server was never started.
  return new Promise((resolve) => server.tryShutdown(() => resolve()));
}

/** Where connections come in. */
interface Door {
  readonly address: string;
  /** Resolves when the last connection is gone: they are asked to go now, and cut off after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

async function plainDoor(server: Server, wanted: Address, { socketMode, hooks }: GrpcServerOptions): Promise<Door> {
  const listen = () => listenOn(wanted, socketMode ?? DEFAULT_SOCKET_MODE, () => bind(server, wanted));
  const address = formatAddress(await listen());
  const listenAnew = () => {
    // Also asks Envoy to leave its connections for new ones, once the streams on them are over.
    server.unbind(address);
    return listen();
  };
  const watch = watchSocket(wanted, listenAnew, hooks);
  return {
    address,
    close(graceMs) {
      watch.close();
      // Not `forceShutdown`: without channelz grpc-js keeps no list of sessions for it, and it would cut off nothing.
      server.drain(address, graceMs);
      return shutdown(server);
    },
  };
}

/** The library could do TLS itself, but not take new certificates and keep the old where those are no good. */
async function securedDoor(server: Server, wanted: Address, options: GrpcServerOptions): Promise<Door> {
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = createListener(options, (socket) => injector.injectConnection(socket));
  return {
    address: await startListening(listener, wanted, options.socketMode),
    async close(graceMs) {
      const closed = listener.close();
      injector.drain(graceMs);
      await shutdown(server);
      await atMost(graceMs, closed);
      listener.dispose();
      await closed;
    },
  };
}

async function shutDown({ streams, logs, health }: Services, door: Door, graceMs: number): Promise<void> {
  health.drain();
  const closed = door.close(graceMs);
  await atMost(graceMs, streams.idle());
  // These stay open for as long as Envoy lives: left alone, they would hold the connection to the last moment.
  logs.endAll();
  health.endAll();
  await closed;
}

/** @throws RangeError for an address that cannot be read, Error where it is taken. */
export async function startGrpcServer(options: GrpcServerOptions): Promise<RunningGrpcServer> {
  const wanted = parseAddress(options.address);
  const services = build(options);
  const { server } = services;
  const secured = options.tls !== undefined;
  const door = await (secured ? securedDoor(server, wanted, options) : plainDoor(server, wanted, options));
  let draining: Promise<void> | undefined;
  return {
    address: door.address,
    notServing: () => services.health.drain(),
    drain(graceMs) {
      draining ??= shutDown(services, door, graceMs);
      return draining;
    },
  };
}
