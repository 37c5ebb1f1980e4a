// envoy.service.ext_proc.v3.ExternalProcessor on grpc-js: one gRPC stream is one ProcessStream. Envoy ends streams in
// every way there is (half-close, reset, lost connection) and means the same by all of them; so does this file.

import { type Server, type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { Role } from '../core/reasons.js';
import type { Instruction, StreamEvent } from '../core/stream.js';
import { decodeProcessingRequest } from '../wire/decode.js';
import { encodeInstruction } from '../wire/encode.js';
import { reporting } from './hooks.js';
import { type ExtProcOptions, ProcessStream } from './process-stream.js';
import { ROLE_KEY, roleOf, unknownRole } from './role.js';
import { METHODS } from './services.js';

type Call = ServerDuplexStream<StreamEvent, Instruction>;

function serve(call: Call, role: Role, options: ExtProcOptions): void {
  const stream = new ProcessStream(role, options, (instruction) => void call.write(instruction));
  const over = () => stream.over();
  call.on('data', (event: StreamEvent) => stream.message(event));
  call.once('end', () => {
    over();
    call.end();
  });
  call.once('cancelled', over);
  call.once('error', over);
  call.once('close', over);
}

function metadataRole(call: Call): string | undefined {
  const [value] = call.metadata.get(ROLE_KEY);
  return value === undefined ? undefined : String(value);
}

export function addExternalProcessor(server: Server, options: ExtProcOptions): void {
  const { hooks } = options;
  server.register<StreamEvent, Instruction>(
    METHODS.process,
    (call: Call) => {
      const value = metadataRole(call);
      const role = roleOf(value);
      if (role !== undefined) serve(call, role, options);
      else call.emit('error', { code: status.INVALID_ARGUMENT, details: unknownRole(value) });
    },
    reporting(hooks, 'ext_proc_answer', encodeInstruction),
    reporting(hooks, 'ext_proc_message', decodeProcessingRequest),
    'bidi',
  );
}
