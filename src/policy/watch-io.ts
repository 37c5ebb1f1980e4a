// What watching needs of the operating system, behind one small interface, so that tests can drive time and events
// themselves and a platform without file events still works.

import { watch as watchDirectory } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type PolicyText, readPolicyText } from './read.js';

/** Something that can be taken back; taking it back twice is harmless. */
export interface Handle {
  close(): void;
}

export interface WatchIo {
  /**
   * Reports that something in the directory changed, never what. `onFailure`: no more events will come.
   * @throws where the directory cannot be watched at all
   */
  watch(directory: string, onEvent: () => void, onFailure: () => void): Handle;
  /** A text that differs where a file (or directory) was replaced or written; null: not there. Follows symlinks. */
  identity(path: string): Promise<string | null>;
  read(path: string): Promise<PolicyText>;
  /** Once, after `delayMs`; must not keep the process alive. */
  later(delayMs: number, run: () => void): Handle;
}

export const SYSTEM_IO: WatchIo = {
  watch(directory, onEvent, onFailure) {
    const watcher = watchDirectory(directory, { persistent: false }, onEvent);
    watcher.on('error', onFailure);
    return watcher;
  },
  async identity(path) {
    try {
      const found = await stat(path, { bigint: true });
      return found.isDirectory()
        ? `${found.dev}:${found.ino}`
        : `${found.dev}:${found.ino}:${found.size}:${found.mtimeNs}:${found.ctimeNs}`;
    } catch {
      // Whatever the reason, reading the file will meet it as well and report it in words.
      return null;
    }
  },
  read: readPolicyText,
  later(delayMs, run) {
    const timer = setTimeout(run, delayMs).unref();
    return { close: () => clearTimeout(timer) };
  },
};
