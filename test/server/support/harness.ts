// A server under test with everything it reports, and handlers that do what the test says.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, onTestFinished } from 'vitest';
import type { TraceEntry } from '../../../src/core/evidence.js';
import type { Role } from '../../../src/core/reasons.js';
import { NO_CHANGES, type Send, type StreamEvent, type StreamHandler } from '../../../src/core/stream.js';
import { startGrpcServer } from '../../../src/server/grpc.js';
import { startDirectServer } from '../../../src/server/h2/server.js';
import type { PastLimit } from '../../../src/server/hooks.js';
import type { GrpcServerOptions, RunningGrpcServer, StartTransport } from '../../../src/server/transport.js';

const GRACE_MS = 0;

/** One stream's handler, as the test sees it. */
export class FakeHandler implements StreamHandler {
  readonly events: StreamEvent[] = [];
  closedTimes = 0;
  readonly role: Role;
  readonly send: Send;
  readonly #onMessage: OnMessage;

  constructor(role: Role, send: Send, onMessage: OnMessage) {
    this.role = role;
    this.send = send;
    this.#onMessage = onMessage;
  }

  message(event: StreamEvent): void {
    this.events.push(event);
    this.#onMessage(event, this);
  }

  closed(): void {
    this.closedTimes++;
  }
}

export type OnMessage = (event: StreamEvent, handler: FakeHandler) => void;

/** Answers every message with "go on" and a header that names the handler. */
export const goOn: OnMessage = (event, { send }) => {
  if (event.kind === 'other') send({ kind: 'continue_other', phase: event.phase });
  const headers = { set: [['x-by', 'handler'] as const], remove: [] };
  if (event.kind === 'request_headers') send({ kind: 'continue_request', headers, order: null });
  if (event.kind === 'response_headers') send({ kind: 'continue_response', headers: NO_CHANGES, order: null });
};

export interface Harness {
  readonly server: RunningGrpcServer;
  readonly handlers: FakeHandler[];
  readonly entries: TraceEntry[];
  readonly opened: Role[];
  /** When the streams of the access log ended. */
  readonly logsEnded: number[];
  /** When the Unix socket was made anew. */
  readonly restored: number[];
  readonly closed: Role[];
  readonly decided: { readonly role: Role; readonly seconds: number }[];
  /** When the first entry of each message of the log says that it ended. */
  readonly tracesEndedAtMs: number[];
  /** What was past a limit. */
  readonly refused: PastLimit[];
  readonly faults: { readonly place: string; readonly error: unknown }[];
}

export interface Options extends Partial<GrpcServerOptions> {
  readonly onMessage?: OnMessage;
}

export type Start = (options?: Options) => Promise<Harness>;

/** On a free port unless told otherwise; shut down when the test is over. */
export function starting(transport: StartTransport): Start {
  return (options) => startWith(transport, options);
}

/** The same tests for every transport: they may not differ in anything that a peer or a handler can see. */
export function overEachTransport(tests: (start: Start) => void): void {
  describe.each([
    ['grpc-js', startGrpcServer],
    ['direct', startDirectServer],
  ] as const)('over %s,', (_, transport) => tests(starting(transport)));
}

async function startWith(transport: StartTransport, { onMessage = goOn, ...options }: Options = {}): Promise<Harness> {
  const seen = {
    handlers: [] as FakeHandler[],
    entries: [] as TraceEntry[],
    opened: [] as Role[],
    logsEnded: [] as number[],
    restored: [] as number[],
    closed: [] as Role[],
    decided: [] as { role: Role; seconds: number }[],
    tracesEndedAtMs: [] as number[],
    refused: [] as PastLimit[],
    faults: [] as { place: string; error: unknown }[],
  };
  const server = await transport({
    address: '127.0.0.1:0',
    openStream(role, send) {
      const handler = new FakeHandler(role, send, onMessage);
      seen.handlers.push(handler);
      return handler;
    },
    traced: (entry) => seen.entries.push(entry),
    serving: () => true,
    hooks: {
      streamOpened: (role) => seen.opened.push(role),
      logEnded: () => seen.logsEnded.push(performance.now()),
      socketRestored: () => seen.restored.push(performance.now()),
      streamClosed: (role) => seen.closed.push(role),
      decided: (role, seconds) => seen.decided.push({ role, seconds }),
      traceArrived: (endedAtMs) => seen.tracesEndedAtMs.push(endedAtMs),
      refused: (what) => seen.refused.push(what),
      fault: (place, error) => seen.faults.push({ place, error }),
    },
    ...options,
  });
  onTestFinished(() => server.drain(GRACE_MS));
  return { server, ...seen };
}

/** A directory that is gone after the test, for sockets. */
export function socketDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}
