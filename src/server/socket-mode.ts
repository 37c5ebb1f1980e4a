// Who may connect to a Unix socket is said by the mode of its file. A mode set after the socket is there comes too late
// for whoever connects in between, so the file is created with it: the process's umask is narrowed while it listens.

import { type Address, removeStaleSocket } from './address.js';

/** Owner and group: Envoy beside us, with our user or with the group of the pod's volume. */
export const DEFAULT_SOCKET_MODE = 0o660;

const ALL = 0o777;
/** Without both, not even a Sluice started later could tell whether this one still listens. */
const OWNER = 0o600;

/** @throws RangeError for what is no mode, or one that shuts out the owner. */
export function parseSocketMode(text: string): number {
  const mode = /^[0-7]{3,4}$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
  if (mode <= ALL && (mode & OWNER) === OWNER) return mode;
  throw new RangeError(
    `socket mode ${JSON.stringify(text)}: write octal digits that let the owner read and write, as in 0660 (and its group) or 0600`,
  );
}

/** The umask is the whole process's: whoever changes it has to be alone in that. */
let turn: Promise<unknown> = Promise.resolve();

/**
 * Runs `listen`, which creates a socket where the address is a path: one that a dead process left there is replaced, and
 * the new one never has any other mode than `mode`.
 * @throws Error as `removeStaleSocket`, and whatever `listen` throws.
 */
export async function listenOn<T>(address: Address, mode: number, listen: () => Promise<T>): Promise<T> {
  if (address.kind === 'tcp') return listen();
  await removeStaleSocket(address.path);
  const mine = turn.then(() => underUmask(ALL & ~mode, listen));
  turn = mine.catch(() => undefined);
  return mine;
}

async function underUmask<T>(mask: number, work: () => Promise<T>): Promise<T> {
  const before = process.umask(mask);
  try {
    return await work();
  } finally {
    process.umask(before);
  }
}
