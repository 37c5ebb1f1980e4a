// grpc.health.v1.Health on grpc-js, for Envoy's health checks, Kubernetes probes and people with grpcurl.

import {
  type Server,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import {
  decodeHealthRequest,
  encodeHealthList,
  encodeHealthStatus,
  type HealthRequest,
  type HealthStatus,
} from '../wire/health.js';
import { type HealthBoard, unknownService, type Watcher } from './health-board.js';
import { METHODS } from './services.js';

type Check = ServerUnaryCall<HealthRequest, HealthStatus>;
type Watch = ServerWritableStream<HealthRequest, HealthStatus>;

function check(board: HealthBoard, { service }: HealthRequest, respond: sendUnaryData<HealthStatus>): void {
  const current = board.statusOf(service);
  if (current !== 'service_unknown') respond(null, current);
  else respond({ code: status.NOT_FOUND, details: unknownService(service) });
}

function watch(board: HealthBoard, call: Watch): void {
  const watcher: Watcher = {
    service: call.request.service,
    update: (current) => void call.write(current),
    end: () => void call.end(),
  };
  const gone = () => board.unwatch(watcher);
  call.once('cancelled', gone);
  call.once('close', gone);
  board.watch(watcher);
}

export function addHealth(server: Server, board: HealthBoard): void {
  server.register<HealthRequest, HealthStatus>(
    METHODS.healthCheck,
    (call: Check, respond: sendUnaryData<HealthStatus>) => check(board, call.request, respond),
    encodeHealthStatus,
    decodeHealthRequest,
    'unary',
  );
  server.register<object, ReadonlyMap<string, HealthStatus>>(
    METHODS.healthList,
    (_call: ServerUnaryCall<object, unknown>, respond: sendUnaryData<ReadonlyMap<string, HealthStatus>>) =>
      respond(null, board.all()),
    encodeHealthList,
    // To grpc-js a message that is falsy is none.
    () => ({}),
    'unary',
  );
  server.register<HealthRequest, HealthStatus>(
    METHODS.healthWatch,
    (call: Watch) => watch(board, call),
    encodeHealthStatus,
    decodeHealthRequest,
    'serverStream',
  );
}
