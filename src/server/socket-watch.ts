// The file of a Unix socket can be removed under the server that listens on it, by whoever cleans up temporary files.
// Open connections go on, so nobody notices, until Envoy needs another one and every decision is lost. So the file is
// looked at now and then, and made anew where it is gone. One that somebody else put there is left alone.

import { existsSync, lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Address } from './address.js';
import type { TransportHooks } from './hooks.js';

const LOOK_EVERY_MS = 500;

export interface SocketWatch {
  close(): void;
}

/**
 * @param listenAnew stops listening and listens again, on the same path.
 * @param everyMs between two looks; for tests.
 */
export function watchSocket(
  address: Address,
  listenAnew: () => Promise<unknown>,
  hooks: Pick<TransportHooks, 'socketRestored' | 'fault'>,
  everyMs = LOOK_EVERY_MS,
): SocketWatch {
  let busy = false;
  const look = async (path: string) => {
    if (busy || lstatSync(path, { throwIfNoEntry: false }) !== undefined) return;
    busy = true;
    try {
      // grpc-js never gets over a failed try to listen on an address, so the likeliest failure is seen to first.
      if (!existsSync(dirname(path))) throw new Error(`${path}: its directory is gone`);
      await listenAnew();
      hooks.socketRestored();
    } catch (error) {
      // The next look tries again.
      hooks.fault('socket', error);
    }
    busy = false;
  };
  const { path } = address.kind === 'unix' ? address : { path: null };
  const timer = path === null ? undefined : setInterval(() => void look(path), everyMs).unref();
  return { close: () => clearInterval(timer) };
}
