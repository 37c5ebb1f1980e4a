// A disk that is full, and has room again, for the one process under test. A small file system in a mount namespace of its own
// is the real thing; where the machine does not allow that, a limit on the size of files makes the kernel refuse to write as
// well, in the middle of a file too, only by another name.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Disk {
  /** Path of a file on it, as this process and its children see it. */
  file(name: string): string;
  /** From now on process `pid` can write nothing more. */
  fill(pid: number): Promise<void>;
  free(pid: number): Promise<void>;
  /** The code of the error that writing to it gives when it is full. */
  readonly error: 'ENOSPC' | 'EFBIG';
  /** It is gone, with all that is on it. */
  remove(): Promise<void>;
}

const KIB = 1024;
const SIZE = 256 * KIB;
const ALL = Buffer.alloc(2 * SIZE);
const TOP_UP_MS = 50;
/** Fewer than any file that is worth writing. */
const LIMIT_BYTES = 16;
/** Mounts, says so, and stays for as long as somebody holds its input open. */
const MOUNT = `mount -t tmpfs -o size=${SIZE} tmpfs "$0" && echo mounted && exec cat`;
/** The second is for those who may mount anyway, and make no users. */
const UNSHARE = [['--map-root-user', '--mount'], ['--mount']] as const;

/** The real thing where there can be one. */
export async function smallDisk(): Promise<Disk> {
  return (await mountedDisk()) ?? (await limitedDisk());
}

/** A file system; null: this machine lets nobody mount one. */
export async function mountedDisk(): Promise<Disk | null> {
  const at = await mkdtemp(join(tmpdir(), 'sluice-disk-'));
  for (const how of UNSHARE) {
    const holder = spawn('unshare', [...how, 'sh', '-c', MOUNT, at], { stdio: ['pipe', 'pipe', 'ignore'] });
    const mounted = await Promise.race([
      once(holder.stdout, 'data').then(() => true),
      once(holder, 'close').then(() => false),
      once(holder, 'error').then(() => false),
    ]);
    if (mounted) return new MountedDisk(`/proc/${holder.pid}/root${at}`, () => leave(holder.stdin, holder, at));
  }
  await rm(at, { recursive: true });
  return null;
}

/** A directory whose files are limited in size while it is full. */
export async function limitedDisk(): Promise<Disk> {
  const at = await mkdtemp(join(tmpdir(), 'sluice-disk-'));
  const limit = async (pid: number, bytes: string) => {
    execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]);
  };
  return {
    error: 'EFBIG',
    file: (name) => join(at, name),
    fill: (pid) => limit(pid, String(LIMIT_BYTES)),
    free: (pid) => limit(pid, 'unlimited'),
    remove: () => rm(at, { recursive: true, force: true }),
  };
}

class MountedDisk implements Disk {
  readonly error = 'ENOSPC';
  readonly #root: string;
  readonly #leave: () => Promise<void>;
  #filling: NodeJS.Timeout | undefined;
  #taking: Promise<void> = Promise.resolve();

  constructor(root: string, leave: () => Promise<void>) {
    this.#root = root;
    this.#leave = leave;
  }

  file(name: string): string {
    return join(this.#root, name);
  }

  /** What is freed meanwhile, by a file that takes the place of another, is taken as well. */
  async fill(): Promise<void> {
    await this.#takeRest();
    this.#filling = setInterval(() => void this.#takeRest(), TOP_UP_MS).unref();
  }

  async free(): Promise<void> {
    clearInterval(this.#filling);
    await this.#taking;
    await rm(this.file('filler'));
  }

  async remove(): Promise<void> {
    clearInterval(this.#filling);
    await this.#taking;
    await this.#leave();
  }

  #takeRest(): Promise<void> {
    this.#taking = this.#taking.then(async () => {
      const error: unknown = await appendFile(this.file('filler'), ALL).catch((cause: unknown) => cause);
      if (!(error instanceof Error)) throw new Error('there was room for twice as much as there is');
    });
    return this.#taking;
  }
}

async function leave(input: NodeJS.WritableStream, holder: NodeJS.EventEmitter, at: string): Promise<void> {
  const gone = once(holder, 'exit');
  input.end();
  await gone;
  await rm(at, { recursive: true, force: true });
}
