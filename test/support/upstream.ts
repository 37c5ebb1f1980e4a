// A controllable upstream over HTTP/1.1, plain or TLS. It keeps every request that reached it, which is the only proof
// that a request was not sent twice.

import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { type Behaviour, respond } from './behaviour.js';
import { acceptUpgrade, perform } from './perform.js';
import { listenOn, listenSomewhere } from './ports.js';

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Envoy's number of the attempt, from 1; 0 where the header is missing. */
  readonly attempt: number;
  /** When its headers were there: milliseconds of `performance.now()`. */
  readonly atMs: number;
  /** Body bytes read so far. */
  bodyBytes: number;
  /** Read to its end. */
  complete: boolean;
  /** The connection went away before this request was answered. */
  abandoned: boolean;
}

export type Choose = (request: ReceivedRequest, index: number) => Behaviour;

export type ConnectionMode = 'serve' | 'reset' | 'close';

export interface UpstreamOptions {
  /** For every request, or chosen by request and its index from 0; 200 unless told. */
  readonly behaviour?: Behaviour | Choose;
  /** The certificate to serve TLS with; see `tls/README.md`. */
  readonly tls?: 'secure' | 'stranger';
}

export interface Upstream {
  readonly port: number;
  /** In order of arrival. */
  readonly requests: readonly ReceivedRequest[];
  /** From now on; the index of `Choose` starts at 0 again. */
  behave(behaviour: Behaviour | Choose): void;
  /** Forgets the requests so far. */
  forget(): void;
  /** Closes the connections that wait for a request, as a server does whose keep-alive time is over. */
  closeIdle(): void;
  /** Drops every connection and refuses new ones, until `accept`. */
  refuse(): Promise<void>;
  accept(): Promise<void>;
  /** Every new connection is reset (`reset`) or closed (`close`) before anything is read; `serve` is normal. */
  onConnection(mode: ConnectionMode): void;
  stop(): Promise<void>;
}

/** Listens on a port of its own. */
export async function startUpstream(options: UpstreamOptions = {}): Promise<Upstream> {
  const upstream = new HttpUpstream(options);
  await upstream.start();
  return upstream;
}

class HttpUpstream implements Upstream {
  port = 0;
  readonly requests: ReceivedRequest[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #choose: Choose;
  #count = 0;
  #mode: ConnectionMode = 'serve';

  constructor(options: UpstreamOptions) {
    this.#choose = toChoice(options.behaviour ?? respond(200));
    this.#server = newServer(options.tls, (message, response) => this.#serve(message, response));
    this.#server.on('upgrade', (message, socket: Socket) => this.#upgrade(message, socket));
    this.#server.on('connection', (socket: Socket) => this.#connected(socket));
  }

  async start(): Promise<void> {
    this.port = await listenSomewhere(this.#server);
  }

  behave(behaviour: Behaviour | Choose): void {
    this.#choose = toChoice(behaviour);
    this.#count = 0;
  }

  forget(): void {
    this.requests.length = 0;
  }

  closeIdle(): void {
    this.#server.closeIdleConnections();
  }

  onConnection(mode: ConnectionMode): void {
    this.#mode = mode;
  }

  accept(): Promise<void> {
    return listenOn(this.#server, this.port);
  }

  async refuse(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  stop(): Promise<void> {
    return this.refuse();
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const received = this.#receive(message);
    const behaviour = this.#choose(received, this.#count++);
    response.once('close', () => {
      received.abandoned = !response.writableFinished;
    });
    if (behaviour.kind !== 'reset_early' && !(await readBody(message, received))) return;
    await perform(behaviour, message, response);
  }

  #upgrade(message: IncomingMessage, socket: Socket): void {
    const behaviour = this.#choose(this.#receive(message), this.#count++);
    if (behaviour.kind === 'respond' && behaviour.status === 200) acceptUpgrade(message, socket);
    else socket.resetAndDestroy();
  }

  #receive(message: IncomingMessage): ReceivedRequest {
    const received = {
      method: message.method ?? '',
      path: message.url ?? '',
      headers: message.headers,
      attempt: Number(message.headers['x-envoy-attempt-count'] ?? 0),
      atMs: performance.now(),
      bodyBytes: 0,
      complete: false,
      abandoned: false,
    };
    this.requests.push(received);
    return received;
  }

  #connected(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    if (this.#mode === 'reset') socket.resetAndDestroy();
    else if (this.#mode === 'close') socket.destroy();
  }
}

function toChoice(behaviour: Behaviour | Choose): Choose {
  return typeof behaviour === 'function' ? behaviour : () => behaviour;
}

function newServer(tls: UpstreamOptions['tls'], listener: RequestListener): Server {
  // Node would close a connection that has been idle for a while, just when a test uses it that is not about that.
  const options = { keepAliveTimeout: 0 };
  if (tls === undefined) return createServer(options, listener);
  const file = (end: string) => readFileSync(new URL(`./tls/${tls}.${end}`, import.meta.url));
  return createTlsServer({ ...options, key: file('key'), cert: file('pem') }, listener);
}

/** false: the peer went away before the end. */
function readBody(message: IncomingMessage, received: ReceivedRequest): Promise<boolean> {
  return new Promise((resolve) => {
    message.on('data', (chunk: Buffer) => {
      received.bodyBytes += chunk.length;
    });
    message.once('end', () => {
      received.complete = true;
      resolve(true);
    });
    message.once('close', () => resolve(received.complete));
  });
}
