// Carries a behaviour out on one request of node:http, below HTTP where the behaviour is to break it.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Behaviour } from './behaviour.js';
import { pause } from './eventually.js';

/** Resolves once nothing more will be done. The request has been read, save for `reset_early`. */
export async function perform(behaviour: Behaviour, request: IncomingMessage, response: ServerResponse): Promise<void> {
  switch (behaviour.kind) {
    case 'respond':
      if (behaviour.delayMs > 0) await pause(behaviour.delayMs);
      response.writeHead(behaviour.status, mutable(behaviour.headers)).end(behaviour.body);
      return;
    case 'echo':
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(request.headers));
      return;
    case 'hang':
      return;
    case 'reset':
    case 'reset_early':
      request.socket.resetAndDestroy();
      return;
    case 'close':
      request.socket.destroy();
      return;
    case 'cut':
      response.writeHead(200, { 'content-length': behaviour.total });
      await written(response, 'x'.repeat(behaviour.after));
      request.socket.resetAndDestroy();
      return;
    case 'stream':
      return streamChunks(behaviour, response);
    case 'garbage':
      request.socket.end(behaviour.bytes);
      return;
    default:
      return behaviour satisfies never;
  }
}

async function streamChunks(
  behaviour: Extract<Behaviour, { kind: 'stream' }>,
  response: ServerResponse,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
  for (const chunk of behaviour.chunks) {
    if (response.destroyed) return;
    response.write(chunk);
    await pause(behaviour.everyMs);
  }
  if (!behaviour.endless) response.end();
}

/** Until the bytes have left for the kernel and had the time to reach the peer: a reset discards what is unread. */
async function written(response: ServerResponse, bytes: string): Promise<void> {
  await new Promise((resolve) => response.write(bytes, resolve));
  await pause(20);
}

function mutable(headers: Readonly<Record<string, string | readonly string[]>>): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
  );
}

/** Accepts a protocol upgrade and sends back whatever comes. */
export function acceptUpgrade(request: IncomingMessage, socket: Socket): void {
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${request.headers.upgrade ?? ''}\r\n\r\n`,
  );
  socket.on('error', () => socket.destroy());
  socket.pipe(socket);
}
