// Somebody else's servers to be measured against, on the same machine and in the same run: on what a processor is usually
// written with, and deciding nothing. Each is built once, where its language is at hand.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheDirectory } from '../../support/cache.js';
import { type Child, startChild } from '../../support/child.js';
import { somePort } from '../../support/ports.js';

const run = promisify(execFile);

export interface Peer {
  readonly language: string;
  /** What builds it. */
  readonly command: string;
  readonly needs: string;
  /** Its directory, beside this file. */
  readonly directory: string;
  /** From that directory: with all of them unchanged, so is the program. */
  readonly sources: readonly string[];
  /** Arguments that put the program at `bin/peer` in the directory `root`, and what else is written into that as well. */
  build(root: string): readonly string[];
}

const PROTO = '../../../../proto/envoy';

export const PEERS = {
  go: {
    language: 'Go',
    command: 'go',
    needs: 'Go 1.26 or newer',
    directory: 'go',
    sources: ['go.mod', 'go.sum', 'server.go'],
    build: (root) => ['build', '-o', join(root, 'bin', 'peer'), '.'],
  },
  rust: {
    language: 'Rust',
    command: 'cargo',
    needs: 'Rust 1.88 or newer',
    directory: 'rust',
    sources: [
      'Cargo.toml',
      'Cargo.lock',
      'build.rs',
      'src/main.rs',
      `${PROTO}/service/ext_proc/v3/external_processor.proto`,
      `${PROTO}/extensions/filters/http/ext_proc/v3/processing_mode.proto`,
      `${PROTO}/config/core/v3/base.proto`,
      `${PROTO}/type/v3/http_status.proto`,
    ],
    build: (root) => [
      ...['install', '--quiet', '--locked', '--no-track', '--path', '.'],
      ...['--root', root, '--target-dir', join(root, 'build')],
    ],
  },
} as const satisfies Readonly<Record<string, Peer>>;

export type PeerName = keyof typeof PEERS;

export const PEER_NAMES: readonly PeerName[] = ['go', 'rust'];

export function titleOf(name: PeerName): string {
  return `a ${PEERS[name].language} server that decides nothing`;
}

/** Those that can be run on this machine. `leftOut` is told of each other one, and why. */
export async function peersHere(leftOut: (why: string) => void): Promise<readonly PeerName[]> {
  const here: PeerName[] = [];
  for (const name of PEER_NAMES) {
    try {
      await binaryOf(PEERS[name]);
      here.push(name);
    } catch (error) {
      leftOut(`left out, as ${wordsOf(error)}`);
    }
  }
  return here;
}

/** Listens on a port of its own. @throws Error that says what it takes to build it. */
export async function startPeer(name: PeerName): Promise<{ readonly child: Child; readonly port: number }> {
  const binary = await binaryOf(PEERS[name]);
  const port = await somePort();
  return { child: await startChild(binary, [`127.0.0.1:${port}`]), port };
}

/** Path of the program; it is built where there is none yet. @throws Error that says what that takes. */
export async function binaryOf(peer: Peer): Promise<string> {
  const home = fileURLToPath(new URL(`${peer.directory}/`, import.meta.url));
  const hash = createHash('sha256');
  for (const name of peer.sources) hash.update(await readFile(join(home, name)));
  const target = join(cacheDirectory(), `bench-peer-${peer.directory}-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(target)) return target;
  process.stderr.write(`building the ${peer.language} server to compare with (some minutes, once)\n`);
  // Beside the target, so that a build which was broken off is not taken for one, and the last step is a rename.
  const work = `${target}.${process.pid}`;
  try {
    await mkdir(work, { recursive: true });
    await run(peer.command, peer.build(work), { cwd: home });
    await rename(join(work, 'bin', 'peer'), target);
  } catch (cause) {
    const way = `install ${peer.needs}, let it reach its packages, or choose other arms (--arms)`;
    throw new Error(`the ${peer.language} server cannot be built here: ${way}`, { cause });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return target;
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message} (${wordsOf(error.cause)})`;
}
