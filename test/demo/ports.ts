// Well-known ports are easier to remember and to document; a demo that does not start because one is taken is worse. So
// the usual port is taken when it is free, any other when not, and only a port that was asked for must be free.

import { createServer } from 'node:net';
import { listenOn } from '../support/ports.js';

/** 0: let the system pick. @throws Error where the port that was asked for is taken. */
export async function choosePort(asked: number | null, usual: number | null, option: string): Promise<number> {
  if (asked === null) return usual !== null && (await problemOf(usual)) === null ? usual : 0;
  const problem = await problemOf(asked);
  if (problem === null) return asked;
  throw new Error(`port ${asked} cannot be used (${problem}): give another one with ${option}, or leave it out`);
}

/** null: free, as far as one can tell. */
async function problemOf(port: number): Promise<string | null> {
  const server = createServer();
  try {
    await listenOn(server, port);
    return null;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  } finally {
    server.close();
  }
}
