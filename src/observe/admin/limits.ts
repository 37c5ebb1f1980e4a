// What the HTTP server turns away before any route of ours hears of it: answered, and counted where it was past a limit.

import { type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type PortRefusal, refusalOfParser } from '../refusals.js';

/** At a time: far more than people and scrapers need. */
export const MAX_CONNECTIONS = 256;

/** Lets it have so many connections, and tells of each that is too many and of each request that is given up unread. */
export function limit(server: Server, refused: (reason: PortRefusal) => void): void {
  server.maxConnections = MAX_CONNECTIONS;
  server.on('drop', () => refused('http_connection'));
  const responses = new WeakMap<Duplex, ServerResponse>();
  server.on('request', ({ socket }, response) => responses.set(socket, response));
  server.on('clientError', ({ code }: NodeJS.ErrnoException, socket) => {
    const reason = refusalOfParser(code);
    if (reason !== null) refused(reason);
    giveUp(socket, code, responses.get(socket));
  });
}

/** Node leaves the answer to whoever listens to such errors. */
function giveUp(socket: Duplex, code: string | undefined, last: ServerResponse | undefined): void {
  // In the middle of another answer it would be taken for a part of that.
  const between = last === undefined || last.writableFinished || !last.headersSent;
  if (!socket.writable || !between) {
    socket.destroy();
    return;
  }
  const status = statusOf(code);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`, () => socket.destroy());
}

function statusOf(code: string | undefined): number {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return 431;
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return 413;
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 408;
    default:
      return 400;
  }
}
