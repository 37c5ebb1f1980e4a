// A gRPC server that keeps the bytes of everything Envoy sends, and answers with the project's own encoder: a recording
// in which Envoy did what was asked is also the proof that Envoy understood the answers.

import { Server, ServerCredentials, type ServerDuplexStream, type ServerReadableStream } from '@grpc/grpc-js';
import { type Instruction, NO_CHANGES, type StreamEvent } from '../../../src/core/stream.js';
import { decodeProcessingRequest } from '../../../src/wire/decode.js';
import { encodeInstruction } from '../../../src/wire/encode.js';

export interface Message {
  readonly from: 'admission' | 'gate' | 'judge' | 'log';
  readonly bytes: Buffer;
}

const PATHS: Record<string, { headers: readonly (readonly [string, string])[]; order?: readonly string[] }> = {
  '/retried': {
    headers: [
      ['x-envoy-retry-on', '5xx'],
      ['x-envoy-max-retries', '1'],
    ],
  },
  '/rerouted': {
    headers: [
      ['x-envoy-retry-on', 'connect-failure'],
      ['x-envoy-max-retries', '1'],
    ],
    order: ['dead', 'http1'],
  },
  '/worse': {
    headers: [
      ['x-envoy-retry-on', '5xx'],
      ['x-envoy-max-retries', '1'],
    ],
    order: ['http1', 'dead'],
  },
  '/timeout': { headers: [['x-envoy-upstream-rq-per-try-timeout-ms', '150']] },
};

function admit(path: string): Instruction {
  if (path === '/refuse') {
    const headers = [['x-sluice-reason', 'circuit_open']] as const;
    const body = '{"title":"refused"}';
    return {
      kind: 'respond',
      answer: { status: 503, headers, body, details: 'sluice_circuit_open', grpcStatus: null },
    };
  }
  const { headers = [], order = null } = PATHS[path] ?? {};
  const set = [['x-sluice-id', `recorded${path.replaceAll('/', '-')}`], ...headers] as const;
  return { kind: 'continue_request', headers: { set, remove: ['x-client-control'] }, order };
}

function answer(from: string, event: StreamEvent): Instruction {
  if (event.kind === 'response_headers') return { kind: 'continue_response', headers: NO_CHANGES, order: null };
  if (event.kind === 'other') return { kind: 'continue_other', phase: event.phase };
  if (from === 'admission') return admit((event.headers.get(':path') ?? '').split('?')[0] ?? '');
  return { kind: 'continue_request', headers: NO_CHANGES, order: null };
}

const identity = (bytes: Buffer) => bytes;
const codec = {
  requestSerialize: identity,
  requestDeserialize: identity,
  responseSerialize: identity,
  responseDeserialize: identity,
};

function role(call: ServerDuplexStream<Buffer, Buffer>): Message['from'] {
  const [value] = call.metadata.get('x-sluice-role');
  if (value === 'admission' || value === 'gate' || value === 'judge') return value;
  throw new Error(`unexpected role ${String(value)}`);
}

/** Calls `record` with every message, in order of arrival. The judge holds each response for 100 ms. */
export async function startSink(record: (message: Message) => void): Promise<{ port: number; close(): void }> {
  const server = new Server();
  const process = { path: '/envoy.service.ext_proc.v3.ExternalProcessor/Process', requestStream: true };
  const logs = { path: '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs', requestStream: true };
  server.addService(
    { Process: { ...process, responseStream: true, ...codec } },
    {
      Process(call: ServerDuplexStream<Buffer, Buffer>) {
        const from = role(call);
        call.on('data', (bytes: Buffer) => {
          record({ from, bytes });
          const event = decodeProcessingRequest(bytes);
          const reply = () => call.write(encodeInstruction(answer(from, event)));
          if (from !== 'judge' || event.kind !== 'response_headers') return reply();
          call.write(encodeInstruction({ kind: 'extend_timeout', ms: 2000 }));
          return setTimeout(reply, 700);
        });
        call.on('end', () => call.end());
      },
    },
  );
  server.addService(
    { StreamAccessLogs: { ...logs, responseStream: false, ...codec } },
    {
      StreamAccessLogs(call: ServerReadableStream<Buffer, Buffer>) {
        call.on('data', (bytes: Buffer) => record({ from: 'log', bytes }));
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { port, close: () => server.forceShutdown() };
}
