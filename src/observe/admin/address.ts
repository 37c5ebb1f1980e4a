// Where the admin server listens: `host:port`, or `unix:/path`. A socket file that a dead process left behind is
// replaced; one that somebody answers on, and a file that is no socket, are not.

import { lstat, unlink } from 'node:fs/promises';
import { type AddressInfo, connect } from 'node:net';

export type ListenOptions = { readonly host: string; readonly port: number } | { readonly path: string };

const UNIX = 'unix:';
const MAX_PORT = 65_535;

/** Throws a RangeError that names the address and the two forms. */
export function parseAddress(address: string): ListenOptions {
  if (address.startsWith(UNIX)) return { path: nonEmpty(address.slice(UNIX.length), address) };
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, Math.max(0, colon)).replace(/^\[(.*)\]$/, '$1');
  const digits = address.slice(colon + 1);
  const port = Number(digits);
  if (!/^\d+$/.test(digits) || port > MAX_PORT) throw badAddress(address);
  return { host: nonEmpty(host, address), port };
}

/** The address in the form that `parseAddress` reads, with the port that was really taken. */
export function formatAddress(bound: AddressInfo | string | null): string {
  if (bound === null) return '';
  if (typeof bound === 'string') return UNIX + bound;
  return bound.family === 'IPv6' ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`;
}

/** Makes room for a socket at this path. Throws where something else is there, or somebody answers. */
export async function removeStaleSocket(path: string): Promise<void> {
  const stats = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (stats === null) return;
  if (!stats.isSocket()) throw new Error(`unix:${path} is a file and no socket; remove it, or choose another path`);
  if (await answers(path)) throw new Error(`unix:${path} is in use by another process; choose another path`);
  await unlink(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

function nonEmpty(part: string, address: string): string {
  if (part === '') throw badAddress(address);
  return part;
}

function badAddress(address: string): RangeError {
  return new RangeError(`address is ${JSON.stringify(address)}; give host:port (127.0.0.1:9003) or unix:/path`);
}
