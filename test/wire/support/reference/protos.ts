// Loads `proto/` and gives a codec per message. The only file that sees the protobuf library: what comes out of it is
// narrowed to our own types here, and bytes it cannot read become WireErrors.

import { fileURLToPath } from 'node:url';
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from '@grpc/proto-loader';
import { WireError } from '../../../../src/wire/error.js';
import type {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthListResponse,
  ProcessingRequest,
  ProcessingResponse,
  StreamAccessLogsMessage,
} from './messages.js';

/** At the root of the package. */
const PROTO_DIRECTORY = fileURLToPath(new URL('../../../../proto/', import.meta.url));

const FILES = [
  'envoy/service/ext_proc/v3/external_processor.proto',
  'envoy/service/accesslog/v3/als.proto',
  'grpc/health/v1/health.proto',
];

export interface Codec<Message extends object> {
  /** @throws WireError where the bytes are not such a message. Unknown fields are dropped. */
  decode(bytes: Buffer): Message;
  encode(message: Message): Buffer;
}

export interface Protos {
  readonly processingRequest: Codec<ProcessingRequest>;
  readonly processingResponse: Codec<ProcessingResponse>;
  readonly accessLogs: Codec<StreamAccessLogsMessage>;
  readonly accessLogsResponse: Codec<object>;
  readonly healthCheckRequest: Codec<HealthCheckRequest>;
  readonly healthCheckResponse: Codec<HealthCheckResponse>;
  readonly healthListRequest: Codec<object>;
  readonly healthListResponse: Codec<HealthListResponse>;
}

function isMessage(definition: PackageDefinition[string]): definition is MessageTypeDefinition<object, object> {
  return definition !== undefined && 'deserialize' in definition && typeof definition.deserialize === 'function';
}

/** `Message` is the shape that the named message has in `proto/`: the library builds objects from nothing else. */
function codec<Message extends object>(definitions: PackageDefinition, name: string): Codec<Message> {
  const definition = definitions[name];
  if (definition === undefined || !isMessage(definition)) {
    throw new Error(`proto/ defines no message ${name}: the package is incomplete, install it again`);
  }
  return {
    decode(bytes) {
      try {
        return definition.deserialize(bytes) as Message;
      } catch (cause) {
        throw new WireError(`${bytes.length} bytes are not a ${name}`, cause);
      }
    },
    encode: (message) => definition.serialize(message),
  };
}

function load(): Protos {
  const definitions = loadSync(FILES, { includeDirs: [PROTO_DIRECTORY], longs: Number });
  return {
    processingRequest: codec(definitions, 'envoy.service.ext_proc.v3.ProcessingRequest'),
    processingResponse: codec(definitions, 'envoy.service.ext_proc.v3.ProcessingResponse'),
    accessLogs: codec(definitions, 'envoy.service.accesslog.v3.StreamAccessLogsMessage'),
    accessLogsResponse: codec(definitions, 'envoy.service.accesslog.v3.StreamAccessLogsResponse'),
    healthCheckRequest: codec(definitions, 'grpc.health.v1.HealthCheckRequest'),
    healthCheckResponse: codec(definitions, 'grpc.health.v1.HealthCheckResponse'),
    healthListRequest: codec(definitions, 'grpc.health.v1.HealthListRequest'),
    healthListResponse: codec(definitions, 'grpc.health.v1.HealthListResponse'),
  };
}

let loaded: Protos | undefined;

/** Reads the files once per process; call it at start, so that a broken installation shows then. */
export function loadProtos(): Protos {
  loaded ??= load();
  return loaded;
}
