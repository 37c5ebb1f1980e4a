// envoy.service.ext_proc.v3.ExternalProcessor on the direct transport: bytes to events, instructions to bytes.

import type { Role } from '../../core/reasons.js';
import type { Instruction, StreamEvent } from '../../core/stream.js';
import { decodeProcessingRequest } from '../../wire/decode.js';
import { instructionSize, writeInstruction } from '../../wire/encode.js';
import type { TransportHooks } from '../hooks.js';
import { type ExtProcOptions, ProcessStream } from '../process-stream.js';
import { roleOf, unknownRole } from '../role.js';
import { ANSWERED, type Call, type Form, type OpenCall, type Responder } from './call.js';
import { STATUS } from './status.js';

const ANSWER: Form<Instruction> = { size: instructionSize, write: writeInstruction };

class ExtProcCall implements Call {
  private readonly responder: Responder;
  private readonly hooks: TransportHooks;
  private readonly stream: ProcessStream;

  constructor(role: Role, options: ExtProcOptions, responder: Responder) {
    this.responder = responder;
    this.hooks = options.hooks;
    this.stream = new ProcessStream(role, options, (instruction) => this.write(instruction));
  }

  message(bytes: Buffer, start: number, end: number): void {
    let event: StreamEvent;
    try {
      event = decodeProcessingRequest(bytes, start, end);
    } catch (error) {
      this.hooks.fault('ext_proc_message', error);
      this.responder.fail(STATUS.internal, `a message cannot be read: ${text(error)}`);
      return;
    }
    this.stream.message(event);
  }

  halfClosed(): void {
    this.stream.over();
    this.responder.end();
  }

  closed(): void {
    this.stream.over();
  }

  private write(instruction: Instruction): void {
    try {
      this.responder.write(instruction, ANSWER);
    } catch (error) {
      this.hooks.fault('ext_proc_answer', error);
      this.responder.fail(STATUS.internal, `an answer cannot be written: ${text(error)}`);
    }
  }
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function openProcess(roleValue: string | undefined, options: ExtProcOptions): OpenCall {
  const role = roleOf(roleValue);
  if (role !== undefined) return (responder) => new ExtProcCall(role, options, responder);
  const refusal = unknownRole(roleValue);
  return (responder) => {
    responder.fail(STATUS.invalidArgument, refusal);
    return ANSWERED;
  };
}
