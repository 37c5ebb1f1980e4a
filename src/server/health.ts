// grpc.health.v1.Health, for Envoy's health checks, Kubernetes probes and people with grpcurl.

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
import { EXTERNAL_PROCESSOR } from './ext-proc.js';

export const HEALTH = 'grpc.health.v1.Health';
/** '' is the server as a whole. */
const SERVICES: readonly string[] = ['', EXTERNAL_PROCESSOR];

export interface HealthService {
  /** From now on nothing is served: whoever watches is told. */
  drain(): void;
  /** Ends every watch. */
  endAll(): void;
}

type Watch = ServerWritableStream<HealthRequest, HealthStatus>;

class Health implements HealthService {
  readonly #serving: () => boolean;
  readonly #watches = new Map<Watch, string>();
  #draining = false;

  constructor(serving: () => boolean) {
    this.#serving = serving;
  }

  statusOf(service: string): HealthStatus {
    if (!SERVICES.includes(service)) return 'service_unknown';
    return this.#serving() && !this.#draining ? 'serving' : 'not_serving';
  }

  check(call: ServerUnaryCall<HealthRequest, HealthStatus>, respond: sendUnaryData<HealthStatus>): void {
    const { service } = call.request;
    const current = this.statusOf(service);
    if (current !== 'service_unknown') {
      respond(null, current);
      return;
    }
    const details = `no service ${JSON.stringify(service)}: ask for "" or "${EXTERNAL_PROCESSOR}"`;
    respond({ code: status.NOT_FOUND, details });
  }

  /** Of a service that is not known the protocol wants that said, and the stream kept open. */
  watch(call: Watch): void {
    const gone = () => this.#watches.delete(call);
    const { service } = call.request;
    this.#watches.set(call, service);
    call.once('cancelled', gone);
    call.once('close', gone);
    call.write(this.statusOf(service));
  }

  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    for (const [call, service] of this.#watches) call.write(this.statusOf(service));
  }

  endAll(): void {
    for (const call of this.#watches.keys()) call.end();
    this.#watches.clear();
  }
}

function list(health: Health): ReadonlyMap<string, HealthStatus> {
  return new Map(SERVICES.map((service) => [service, health.statusOf(service)]));
}

/** @param serving asked at every check; while draining the answer is "not serving" whatever it says. */
export function addHealth(server: Server, serving: () => boolean): HealthService {
  const health = new Health(serving);
  server.register<HealthRequest, HealthStatus>(
    `/${HEALTH}/Check`,
    (call: ServerUnaryCall<HealthRequest, HealthStatus>, respond: sendUnaryData<HealthStatus>) =>
      health.check(call, respond),
    encodeHealthStatus,
    decodeHealthRequest,
    'unary',
  );
  server.register<object, ReadonlyMap<string, HealthStatus>>(
    `/${HEALTH}/List`,
    (_call: ServerUnaryCall<object, unknown>, respond: sendUnaryData<ReadonlyMap<string, HealthStatus>>) =>
      respond(null, list(health)),
    encodeHealthList,
    // To grpc-js a message that is falsy is none.
    () => ({}),
    'unary',
  );
  server.register<HealthRequest, HealthStatus>(
    `/${HEALTH}/Watch`,
    (call: Watch) => health.watch(call),
    encodeHealthStatus,
    decodeHealthRequest,
    'serverStream',
  );
  return health;
}
