// Steady load for the tests: so many connections that are kept open, each with one request at a time.

import { Agent, request as httpRequest } from 'node:http';
import { pause } from './eventually.js';

export interface LoadOptions {
  readonly port: number;
  /** By the number of the request, from 0. */
  readonly path: (index: number) => string;
  readonly connections: number;
  /** Between the requests of a connection, in milliseconds, so that the machine has room for other tests. */
  readonly pauseMs: number;
}

export interface Load {
  /** Answers so far, by status; 0: the request failed without one. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Answers so far. */
  readonly count: number;
  /** Lets the requests under way finish; resolves when the last one has. */
  stop(): Promise<void>;
}

export function startLoad(options: LoadOptions): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: options.connections });
  const statuses = new Map<number, number>();
  let sent = 0;
  let count = 0;
  let stopping = false;
  const run = async () => {
    while (!stopping) {
      const status = await send(agent, options.port, options.path(sent++));
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      count += 1;
      if (options.pauseMs > 0) await pause(options.pauseMs);
    }
  };
  const running = Promise.all(Array.from({ length: options.connections }, run));
  return {
    statuses,
    get count() {
      return count;
    },
    async stop() {
      stopping = true;
      await running;
      agent.destroy();
    },
  };
}

function send(agent: Agent, port: number, path: string): Promise<number> {
  return new Promise((resolve) => {
    const request = httpRequest({ agent, host: '127.0.0.1', port, path }, (message) => {
      message.resume();
      message.once('end', () => resolve(message.statusCode ?? 0));
      message.once('error', () => resolve(0));
    });
    request.once('error', () => resolve(0));
    request.end();
  });
}
