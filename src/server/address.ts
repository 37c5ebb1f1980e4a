// Where to listen, for both servers: `host:port`, `[ipv6]:port` or `unix:/path`.

import { lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';

export type Address =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

const UNIX = 'unix:';
const HIGHEST_PORT = 65_535;
/** Bytes of a socket's path that Linux takes (`sun_path` without its final zero). */
const LONGEST_PATH = 107;
/** A listener on the same machine accepts at once, or is not there. */
const PROBE_TIMEOUT_MS = 1_000;

function invalid(text: string, why: string): RangeError {
  return new RangeError(`address ${JSON.stringify(text)}: ${why}`);
}

function unixAddress(text: string): Address {
  const path = text.slice(UNIX.length);
  if (!path.startsWith('/')) throw invalid(text, 'the path of a socket must be absolute, as in unix:/run/sluice.sock');
  const bytes = Buffer.byteLength(path);
  if (bytes > LONGEST_PATH) {
    throw invalid(text, `the path has ${bytes} bytes, a socket's may have at most ${LONGEST_PATH}: use a shorter one`);
  }
  return { kind: 'unix', path };
}

function portOf(text: string, port: string): number {
  const value = /^\d{1,5}$/.test(port) ? Number(port) : Number.NaN;
  if (!(value <= HIGHEST_PORT)) {
    throw invalid(
      text,
      `the port ${JSON.stringify(port)} must be a number from 0 to ${HIGHEST_PORT}; 0 picks a free one`,
    );
  }
  return value;
}

/** @throws RangeError that names the address, what is wrong with it and what to write instead. */
export function parseAddress(text: string): Address {
  if (text.startsWith(UNIX)) return unixAddress(text);
  const colon = text.lastIndexOf(':');
  if (colon < 0) throw invalid(text, 'it has no port: write host:port, as in 127.0.0.1:9002, or unix:/path');
  const host = text.slice(0, colon);
  const port = portOf(text, text.slice(colon + 1));
  if (host === '')
    throw invalid(text, 'it has no host: write 127.0.0.1 for this machine only, 0.0.0.0 for every interface');
  if (host.startsWith('[') && host.endsWith(']')) return { kind: 'tcp', host: host.slice(1, -1), port };
  if (host.includes(':')) throw invalid(text, `an IPv6 host goes in brackets: [${host}]:${port}`);
  return { kind: 'tcp', host, port };
}

/** What `parseAddress` reads. grpc-js takes the same form. */
export function formatAddress(address: Address): string {
  if (address.kind === 'unix') return `${UNIX}${address.path}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

/** What `listen` of any server of Node's takes. */
export function listenOptions(address: Address): { path: string } | { host: string; port: number } {
  return address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port };
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** `null` where nothing is at that path. */
function isSocket(path: string): boolean | null {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? null;
}

/** The error with which a connection attempt fails; null where somebody listens. */
function probe(path: string): Promise<Error | null> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const done = (result: Error | null) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => done(null));
    socket.once('connect', () => done(null));
    socket.once('error', done);
  });
}

/**
 * Makes way for a new listener: removes a socket that a dead process left behind, for a listener cannot take over an
 * existing file. Does nothing where there is none.
 * @throws Error where somebody listens on it, where it is no socket, or where that cannot be found out.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const socket = isSocket(path);
  if (socket === null) return;
  if (!socket) throw new Error(`${path} is there and is not a socket: remove it, or listen somewhere else`);
  const failure = await probe(path);
  if (failure === null)
    throw new Error(`${path}: another process listens on this socket; stop it, or use another path`);
  const code = errorCode(failure);
  if (code === 'ENOENT') return;
  if (code !== 'ECONNREFUSED') throw new Error(`${path}: cannot tell whether the socket is in use`, { cause: failure });
  unlinkSync(path);
}
