// The other end of the wire, in place of Envoy: a real gRPC client that sends bytes and reads bytes.

import {
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientWritableStream,
  credentials,
  Metadata,
  type ServiceError,
  type StatusObject,
} from '@grpc/grpc-js';
import { onTestFinished } from 'vitest';
import type { ProcessingResponse } from '../../wire/support/reference/messages.js';
import { loadProtos } from '../../wire/support/reference/protos.js';

const PROCESS = '/envoy.service.ext_proc.v3.ExternalProcessor/Process';
const LOGS = '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs';
const HEALTH = '/grpc.health.v1.Health/';

const identity = (bytes: Buffer) => bytes;

/** Messages, in order: those that came before they were asked for wait. */
class Inbox<T> {
  readonly #arrived: T[] = [];
  readonly #wanted: ((message: T) => void)[] = [];

  add(message: T): void {
    const wanted = this.#wanted.shift();
    if (wanted === undefined) this.#arrived.push(message);
    else wanted(message);
  }

  next(): Promise<T> {
    const message = this.#arrived.shift();
    if (message !== undefined) return Promise.resolve(message);
    return new Promise((resolve) => this.#wanted.push(resolve));
  }

  get waiting(): number {
    return this.#arrived.length;
  }
}

type Call = ClientDuplexStream<Buffer, Buffer> | ClientReadableStream<Buffer> | ClientWritableStream<Buffer>;

function statusOf(call: Call): Promise<StatusObject> {
  return new Promise((resolve) => call.once('status', resolve));
}

export interface ProcessCall {
  readonly call: ClientDuplexStream<Buffer, Buffer>;
  readonly status: Promise<StatusObject>;
  send(bytes: Buffer): void;
  answer(): Promise<ProcessingResponse>;
  readonly unread: () => number;
}

export class EnvoyClient {
  readonly #client: Client;

  /** @param secured with TLS: to be told apart, each has a connection of its own. */
  constructor(address: string, secured?: ChannelCredentials) {
    this.#client = new Client(address, secured ?? credentials.createInsecure(), {
      // A connection that fails is tried again at once: tests do not wait for a back-off.
      'grpc.initial_reconnect_backoff_ms': 10,
      ...(secured === undefined ? {} : { 'grpc.ssl_target_name_override': 'sluice.internal' }),
    });
    onTestFinished(() => this.#client.close());
  }

  /** @param role null: none is configured. */
  process(role: string | null = 'admission'): ProcessCall {
    const metadata = new Metadata();
    if (role !== null) metadata.set('x-sluice-role', role);
    const call = this.#client.makeBidiStreamRequest(PROCESS, identity, identity, metadata);
    const answers = new Inbox<ProcessingResponse>();
    const status = statusOf(call);
    call.on('data', (bytes: Buffer) => answers.add(loadProtos().processingResponse.decode(bytes)));
    // Its code is in the status as well, where the tests look for it.
    call.on('error', (error) => error);
    return {
      call,
      status,
      send: (bytes) => void call.write(bytes),
      answer: () => answers.next(),
      unread: () => answers.waiting,
    };
  }

  logs(): { call: ClientWritableStream<Buffer>; status: Promise<StatusObject> } {
    const call = this.#client.makeClientStreamRequest(LOGS, identity, identity, (error) => error);
    return { call, status: statusOf(call) };
  }

  health(method: 'Check' | 'List', request: Buffer): Promise<Buffer | ServiceError> {
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(HEALTH + method, identity, identity, request, (error, response) =>
        resolve(error ?? response ?? Buffer.alloc(0)),
      );
    });
  }

  watch(request: Buffer): { next(): Promise<Buffer>; status: Promise<StatusObject>; cancel(): void } {
    const call = this.#client.makeServerStreamRequest(`${HEALTH}Watch`, identity, identity, request);
    const updates = new Inbox<Buffer>();
    call.on('data', (bytes: Buffer) => updates.add(bytes));
    call.on('error', (error) => error);
    return { next: () => updates.next(), status: statusOf(call), cancel: () => call.cancel() };
  }
}
