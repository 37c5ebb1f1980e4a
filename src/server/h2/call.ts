// The seam between HTTP/2 and the services: what a service hears of a call, and how it answers. No events and no
// promises: a call is two objects that know each other.

import type { Status } from './status.js';

/** How messages of a kind become bytes. */
export interface Form<Message> {
  size(message: Message): number;
  /** Fills `size` bytes from `at` on. */
  write(message: Message, bytes: Buffer, at: number): void;
}

/** The service's side. */
export interface Call {
  /** From `start` to `end` of the read buffer: it is not overwritten, but who keeps a view of it keeps all of it. */
  message(bytes: Buffer, start: number, end: number): void;
  /** The client has sent its last message. */
  halfClosed(): void;
  /** Once, after which nothing comes and nothing can be sent: by an end, a failure, a reset or a lost connection. */
  closed(): void;
}

/** The transport's side. Once the call is over its methods do nothing. */
export interface Responder {
  send(message: Buffer): void;
  /** Lets the message be written straight into the send buffer. @throws what `form` throws; nothing is sent then. */
  write<Message>(message: Message, form: Form<Message>): void;
  /** Ends the call well. */
  end(): void;
  fail(status: Status, text: string): void;
  /** For a request that is not gRPC: an HTTP status and a text. */
  refuse(httpStatus: number, text: string): void;
}

/** Begins a call. It may be over when this returns. */
export type OpenCall = (responder: Responder) => Call;

/** A call that was answered before it began. */
export const ANSWERED: Call = {
  message: () => undefined,
  halfClosed: () => undefined,
  closed: () => undefined,
};
