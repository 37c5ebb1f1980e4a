// Tests run side by side, so every port is the test's own. What may be closed and opened again within a test has to
// keep its number meanwhile: such ports come from below the range that systems hand out by themselves.

import { createServer, type Server } from 'node:net';

/** Refuses every connection: nobody but root may listen there, and nobody does. */
export const REFUSING_PORT = 1;

const FIRST = 10_100;
const COUNT = 20_000;
const TRIES = 50;

/** Of an address that ends in `:port`. @throws Error where it does not. */
export function portOf(address: string): number {
  const port = Number(address.slice(address.lastIndexOf(':') + 1));
  if (!(port > 0)) throw new Error(`${JSON.stringify(address)} has no port`);
  return port;
}

/** Listens on a free port of 127.0.0.1 that no other process is given by chance; resolves with it. */
export async function listenSomewhere(server: Server): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    try {
      await listenOn(server, port);
      return port;
    } catch (error) {
      const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (!taken || tries === TRIES) throw error;
    }
  }
}

/** A port of that kind for a program that is to listen, and to listen there again after a restart. */
export async function somePort(): Promise<number> {
  const server = createServer();
  const port = await listenSomewhere(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export function listenOn(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}
