// Certificates are renewed while Sluice runs, often every few hours and always by somebody else: by writing files, or by
// pointing a link elsewhere, as Kubernetes does. So they are looked at every second, by what they lead to; a new set is
// used for new connections, and one that is no good changes nothing.

import { stat } from 'node:fs/promises';
import { loadTls, type TlsFiles, type TlsMaterial } from './material.js';

/** Where a server gets its certificates from. */
export interface TlsSource {
  readonly current: TlsMaterial;
  /** Calls `use` for each new set, until the returned function is called. */
  subscribe(use: (material: TlsMaterial) => void): () => void;
  close(): void;
}

export interface TlsObserver {
  /** The set of the start, and then each new one. */
  inUse(material: TlsMaterial): void;
  /** A new set is in use. */
  applied(): void;
  /** The files have changed, and what they hold now cannot be used: the set before stays. */
  rejected(error: unknown): void;
}

const LOOK_EVERY_MS = 1_000;

/** @throws Error where the files cannot be used, naming the file. */
export async function openTlsSource(files: TlsFiles, told: TlsObserver): Promise<TlsSource> {
  // Before they are read: a change that comes in between is seen at the next look.
  const seen = await fingerprint(files);
  const material = await loadTls(files);
  told.inUse(material);
  return new WatchedTls(files, told, seen, material);
}

class WatchedTls implements TlsSource {
  current: TlsMaterial;
  readonly #files: TlsFiles;
  readonly #told: TlsObserver;
  readonly #users = new Set<(material: TlsMaterial) => void>();
  readonly #timer: NodeJS.Timeout;
  /** Of what was tried last. */
  #tried: string;
  /** Of the last look. Certificate and key are often written one after the other: what still changes is left alone. */
  #seen: string;
  #looking = false;

  constructor(files: TlsFiles, told: TlsObserver, seen: string, material: TlsMaterial) {
    this.#files = files;
    this.#told = told;
    this.#tried = seen;
    this.#seen = seen;
    this.current = material;
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS).unref();
  }

  subscribe(use: (material: TlsMaterial) => void): () => void {
    this.#users.add(use);
    return () => void this.#users.delete(use);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#users.clear();
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    const now = await fingerprint(this.#files);
    const settled = now === this.#seen;
    this.#seen = now;
    if (settled && now !== this.#tried) await this.#reload(now);
    this.#looking = false;
  }

  async #reload(print: string): Promise<void> {
    this.#tried = print;
    try {
      this.current = await loadTls(this.#files);
      for (const use of this.#users) use(this.current);
      this.#told.applied();
      this.#told.inUse(this.current);
    } catch (error) {
      this.#told.rejected(error);
    }
  }
}

/** Another one whenever any of the files is another, or was written to. A link stands for what it leads to. */
async function fingerprint({ cert, key, clientCa }: TlsFiles): Promise<string> {
  const prints = await Promise.all([cert, key, clientCa].map(printOf));
  return prints.join(' ');
}

async function printOf(file: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs } = await stat(file, { bigint: true });
    return `${dev}:${ino}:${size}:${mtimeNs}`;
  } catch {
    return 'none';
  }
}
