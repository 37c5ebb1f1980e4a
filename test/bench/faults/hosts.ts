// The two hosts of the benchmark, in a process of their own so that the load generator does not delay them. They do what the
// plan says with each request, and remember how often each was read to its end: the proof of what was sent twice.
//
// Talks to its parent: `ready` with the ports; then it is told to `start`, and asked to `report`.

import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { listenOn, listenSomewhere } from '../../support/ports.js';
import { BEFORE_MS, CLUSTERS, type ClusterName, fateOf, GAPS, ID_HEADER, OUTAGE_MS, STRUCK } from './plan.js';

export type ToHosts = { readonly kind: 'start' } | { readonly kind: 'report' };
export type FromHosts =
  | { readonly kind: 'ready'; readonly ports: Readonly<Record<ClusterName, number>> }
  /** Request id -> how often it was read to its end, where that is more than once. */
  | { readonly kind: 'report'; readonly readTwice: Readonly<Record<string, number>> };

const reads = new Map<string, number>();

class Host {
  port = 0;
  readonly #cluster: ClusterName;
  readonly #listener: Server;
  readonly #sockets = new Set<Socket>();
  #struck = false;

  constructor(cluster: ClusterName) {
    this.#cluster = cluster;
    const http = createHttpServer((request, response) => this.#serve(request, response));
    // The listener is apart from HTTP: it can stop and start again while requests are answered.
    this.#listener = createServer((socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      http.emit('connection', socket);
    });
  }

  async open(): Promise<number> {
    this.port = await listenSomewhere(this.#listener);
    return this.port;
  }

  async gap(): Promise<void> {
    if (this.#struck) return;
    this.#listener.close();
    await later(GAPS.forMs);
    if (!this.#struck) await listenOn(this.#listener, this.port);
  }

  async strike(): Promise<void> {
    this.#struck = true;
    if (this.#listener.listening) this.#listener.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await later(OUTAGE_MS);
    this.#struck = false;
    if (!this.#listener.listening) await listenOn(this.#listener, this.port);
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    request.once('end', () => this.#answer(request, response));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const id = String(request.headers[ID_HEADER]);
    const nth = (reads.get(id) ?? 0) + 1;
    reads.set(id, nth);
    const fate = fateOf(id, this.#cluster, nth);
    if (fate === 'reset') request.socket.resetAndDestroy();
    else response.writeHead(fate === 'busy' ? 503 : 200, { 'content-type': 'text/plain' }).end(fate);
  }
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function tell(message: FromHosts): void {
  process.send?.(message);
}

const hosts = { east: new Host('east'), west: new Host('west') };

function start(): void {
  reads.clear();
  CLUSTERS.forEach((name, index) => {
    const offsetMs = (GAPS.everyMs * (index + 1)) / (CLUSTERS.length + 1);
    setTimeout(() => setInterval(() => hosts[name].gap(), GAPS.everyMs), offsetMs);
  });
  setTimeout(() => hosts[STRUCK].strike(), BEFORE_MS);
}

process.on('message', (message: ToHosts) => {
  if (message.kind === 'start') start();
  else tell({ kind: 'report', readTwice: Object.fromEntries([...reads].filter(([, count]) => count > 1)) });
});
// Without a parent there is nobody to serve.
process.once('disconnect', () => process.exit());
tell({ kind: 'ready', ports: { east: await hosts.east.open(), west: await hosts.west.open() } });
