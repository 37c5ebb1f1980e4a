// Upstreams that fail in every way a recording needs. What one does is named by the path of the request.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';

const FIRST_ATTEMPT_MS = 100;
const ANSWER_MS = 50;

function cut(response: ServerResponse): void {
  response.writeHead(200, { 'content-length': '100' });
  response.write('ten bytes.');
  setTimeout(() => response.destroy(), ANSWER_MS);
}

function retried(request: IncomingMessage, response: ServerResponse): void {
  const first = request.headers['x-envoy-attempt-count'] === '1';
  setTimeout(() => response.writeHead(first ? 503 : 200).end(), first ? FIRST_ATTEMPT_MS : ANSWER_MS);
}

function serve(request: IncomingMessage, response: ServerResponse): void {
  switch (new URL(request.url ?? '/', 'http://upstream').pathname) {
    case '/failed':
      response.writeHead(503, { 'x-why': 'overloaded', 'retry-after': '2' }).end('sorry');
      return;
    case '/worse':
      response.writeHead(503).end();
      return;
    case '/garbled':
      request.socket.end('HTTP/1.1 200 OK\r\nno colon here\r\n\r\n');
      return;
    case '/reset':
      request.socket.destroy();
      return;
    case '/cut':
      cut(response);
      return;
    case '/retried':
      retried(request, response);
      return;
    case '/timeout':
    case '/cancelled':
    case '/limited':
      return;
    default:
      setTimeout(() => response.writeHead(200, { 'x-upstream': 'yes' }).end('ok'), ANSWER_MS);
  }
}

function grpcServer(): Http2Server {
  const server = createHttp2Server();
  server.on('stream', (stream, headers) => {
    const head = { ':status': 200, 'content-type': 'application/grpc' };
    if (headers[':path'] === '/grpc-error') {
      stream.respond({ ...head, 'grpc-status': '14' }, { endStream: true });
      return;
    }
    stream.respond(head, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '8' }));
    stream.end(Buffer.from([0, 0, 0, 0, 0]));
  });
  return server;
}

export interface Upstreams {
  readonly http1: number;
  readonly http2: number;
  readonly dead: number;
  close(): void;
}

async function listen(server: Server | Http2Server, where: number | string): Promise<number> {
  server.listen(typeof where === 'string' ? { path: where } : { port: where, host: '127.0.0.1' });
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? (address satisfies AddressInfo).port : 0;
}

/** A port that was free a moment ago: connections to it are refused. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server, 0);
  server.close();
  await once(server, 'close');
  return port;
}

export async function startUpstreams(pipe: string): Promise<Upstreams> {
  const servers = [createServer(serve), createServer(serve), grpcServer()] as const;
  const [http1, onPipe, http2] = servers;
  const ports = { http1: await listen(http1, 0), http2: await listen(http2, 0), dead: await freePort() };
  await listen(onPipe, pipe);
  return {
    ...ports,
    close: () => {
      for (const server of servers) server.close();
    },
  };
}
