// The life of one ext_proc stream, whatever transport carries it: messages in, instructions out, and a handler that may
// throw without failing its request.

import { monotonicNow } from '../clock.js';
import type { Role } from '../core/reasons.js';
import { type Instruction, NO_CHANGES, type Send, type StreamEvent, type StreamHandler } from '../core/stream.js';
import type { TransportHooks } from './hooks.js';

const MS_PER_SECOND = 1000;

export interface ExtProcOptions {
  /** Called once per stream. `send` may be called at any time; after the stream is over it does nothing. */
  readonly openStream: (role: Role, send: Send) => StreamHandler;
  readonly hooks: TransportHooks;
}

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

/** One ext_proc stream. The transport calls `message` and `over`; `write` is its way out. */
export class ProcessStream {
  private readonly role: Role;
  private readonly hooks: TransportHooks;
  private readonly write: Send;
  /** null once it is closed: at the stream's end, or when it threw. */
  private handler: StreamHandler | null = null;
  private open = true;
  /** The message in hand has its answer: after a fault, a second one would end the stream. */
  private answered = false;

  constructor(role: Role, { openStream, hooks }: ExtProcOptions, write: Send) {
    this.role = role;
    this.hooks = hooks;
    this.write = write;
    hooks.streamOpened(role);
    try {
      this.handler = openStream(role, (instruction) => this.fromHandler(instruction));
    } catch (error) {
      hooks.fault('ext_proc_handler', error);
    }
  }

  message(event: StreamEvent): void {
    if (!this.open) return;
    const handler = this.handler;
    if (handler === null) {
      this.write(neutral(event));
      return;
    }
    this.answered = false;
    const startedAtMs = monotonicNow();
    try {
      handler.message(event);
    } catch (error) {
      this.failed(event, error);
    }
    this.hooks.decided(this.role, (monotonicNow() - startedAtMs) / MS_PER_SECOND);
  }

  /** The stream has ended, in whatever way. Further calls do nothing. */
  over(): void {
    if (!this.open) return;
    this.open = false;
    this.closeHandler();
    this.hooks.streamClosed(this.role);
  }

  /** What a handler holds after it threw is anyone's guess: it is closed, and the stream goes on without it. */
  private failed(event: StreamEvent, error: unknown): void {
    this.hooks.fault('ext_proc_handler', error);
    this.closeHandler();
    if (this.open && !this.answered) this.write(neutral(event));
  }

  private fromHandler(instruction: Instruction): void {
    if (!this.open || this.handler === null) return;
    if (instruction.kind !== 'extend_timeout') this.answered = true;
    this.write(instruction);
  }

  private closeHandler(): void {
    const handler = this.handler;
    this.handler = null;
    try {
      handler?.closed();
    } catch (error) {
      this.hooks.fault('ext_proc_handler', error);
    }
  }
}
