// envoy.service.ext_proc.v3.ExternalProcessor: one gRPC stream is one StreamHandler. Envoy ends streams in every way
// there is (half-close, reset, lost connection) and means the same by all of them; so does this file.

import { type Metadata, type Server, type ServerDuplexStream, status } from '@grpc/grpc-js';
import { ROLES, type Role } from '../core/reasons.js';
import { type Instruction, NO_CHANGES, type Send, type StreamEvent, type StreamHandler } from '../core/stream.js';
import { decodeProcessingRequest } from '../wire/decode.js';
import { encodeInstruction } from '../wire/encode.js';
import { reporting, type TransportHooks } from './hooks.js';

export const EXTERNAL_PROCESSOR = 'envoy.service.ext_proc.v3.ExternalProcessor';

const ROLE_KEY = 'x-sluice-role';
const MS_PER_SECOND = 1000;

export interface ExtProcOptions {
  /** Called once per stream. `send` may be called at any time; after the stream is over it does nothing. */
  readonly openStream: (role: Role, send: Send) => StreamHandler;
  readonly hooks: TransportHooks;
}

type Call = ServerDuplexStream<StreamEvent, Instruction>;

/** Lets the message's phase go on as if Sluice were not there. */
function neutral(event: StreamEvent): Instruction {
  const { kind } = event;
  switch (kind) {
    case 'request_headers':
      return { kind: 'continue_request', headers: NO_CHANGES, order: null };
    case 'response_headers':
      return { kind: 'continue_response', headers: NO_CHANGES, order: null };
    case 'other':
      return { kind: 'continue_other', phase: event.phase };
    default:
      return kind satisfies never;
  }
}

class ProcessStream {
  readonly #call: Call;
  readonly #role: Role;
  readonly #hooks: TransportHooks;
  /** null once it is closed: at the stream's end, or when it threw. */
  #handler: StreamHandler | null = null;
  #open = true;
  /** The message in hand has its answer: after a fault, a second one would end the stream. */
  #answered = false;

  constructor(call: Call, role: Role, { openStream, hooks }: ExtProcOptions) {
    this.#call = call;
    this.#role = role;
    this.#hooks = hooks;
    hooks.streamOpened(role);
    this.#listen();
    try {
      this.#handler = openStream(role, (instruction) => this.#fromHandler(instruction));
    } catch (error) {
      hooks.fault('ext_proc_handler', error);
    }
  }

  #listen(): void {
    const over = () => this.#over();
    this.#call.on('data', (event: StreamEvent) => this.#message(event));
    this.#call.once('end', () => {
      this.#over();
      this.#call.end();
    });
    this.#call.once('cancelled', over);
    this.#call.once('error', over);
    this.#call.once('close', over);
  }

  #message(event: StreamEvent): void {
    if (!this.#open) return;
    const handler = this.#handler;
    if (handler === null) {
      this.#write(neutral(event));
      return;
    }
    this.#answered = false;
    const startedAtMs = performance.now();
    try {
      handler.message(event);
    } catch (error) {
      this.#failed(event, error);
    }
    this.#hooks.decided(this.#role, (performance.now() - startedAtMs) / MS_PER_SECOND);
  }

  /** What a handler holds after it threw is anyone's guess: it is closed, and the stream goes on without it. */
  #failed(event: StreamEvent, error: unknown): void {
    this.#hooks.fault('ext_proc_handler', error);
    this.#closeHandler();
    if (!this.#answered) this.#write(neutral(event));
  }

  #fromHandler(instruction: Instruction): void {
    if (!this.#open || this.#handler === null) return;
    if (instruction.kind !== 'extend_timeout') this.#answered = true;
    this.#write(instruction);
  }

  #write(instruction: Instruction): void {
    this.#call.write(instruction);
  }

  #over(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#closeHandler();
    this.#hooks.streamClosed(this.#role);
  }

  #closeHandler(): void {
    const handler = this.#handler;
    this.#handler = null;
    try {
      handler?.closed();
    } catch (error) {
      this.#hooks.fault('ext_proc_handler', error);
    }
  }
}

function roleOf(metadata: Metadata): Role | undefined {
  const [value] = metadata.get(ROLE_KEY);
  return ROLES.find((role) => role === value);
}

/** Envoy fails open on it, and logs the text once per stream: it has to say what to configure. */
function refuse(call: Call): void {
  const found = JSON.stringify(call.metadata.get(ROLE_KEY)[0] ?? null);
  const details =
    `${ROLE_KEY} is ${found}: set grpc_service.initial_metadata of this ext_proc filter to ` +
    `{ key: ${ROLE_KEY}, value: ${ROLES.join(' | ')} }`;
  call.emit('error', { code: status.INVALID_ARGUMENT, details });
}

export function addExternalProcessor(server: Server, options: ExtProcOptions): void {
  const { hooks } = options;
  server.register<StreamEvent, Instruction>(
    `/${EXTERNAL_PROCESSOR}/Process`,
    (call: Call) => {
      const role = roleOf(call.metadata);
      if (role === undefined) refuse(call);
      else new ProcessStream(call, role, options);
    },
    reporting(hooks, 'ext_proc_answer', encodeInstruction),
    reporting(hooks, 'ext_proc_message', decodeProcessingRequest),
    'bidi',
  );
}
