// Counts what the HTTP server turns away before any route of ours hears of it.

import type { Server } from 'node:http';
import { type PortRefusal, refusalOfParser } from '../refusals.js';

/** At a time: far more than people and scrapers need. */
export const MAX_CONNECTIONS = 256;

/** Lets it have so many connections, and tells of each that is too many and of each request that is given up unread. */
export function limit(server: Server, refused: (reason: PortRefusal) => void): void {
  server.maxConnections = MAX_CONNECTIONS;
  server.on('drop', () => refused('http_connection'));
  // Fastify answers it: this only looks.
  server.on('clientError', (error: NodeJS.ErrnoException) => {
    const reason = refusalOfParser(error.code);
    if (reason !== null) refused(reason);
  });
}
