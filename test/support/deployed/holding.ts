// An upstream that takes a request and does nothing, until the test has it reset the connection: whatever has to happen
// between two attempts then does, on a machine of any speed.

import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { listenSomewhere } from '../ports.js';

export interface Holding {
  readonly port: number;
  /** Requests that arrived so far. */
  arrived(): number;
  /** Resets the connections of all requests that are held. */
  reset(): void;
  stop(): Promise<void>;
}

export async function startHolding(): Promise<Holding> {
  const held: Socket[] = [];
  let arrived = 0;
  const server = createServer((request) => {
    arrived += 1;
    held.push(request.socket);
  });
  const port = await listenSomewhere(server);
  const reset = () => {
    for (const socket of held.splice(0)) socket.resetAndDestroy();
  };
  return {
    port,
    arrived: () => arrived,
    reset,
    stop: () => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      reset();
      return closed;
    },
  };
}
