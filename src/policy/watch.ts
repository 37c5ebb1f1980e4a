// Notices a new policy file, however it is put there: written in place, renamed over (editors), or swapped by
// Kubernetes, which mounts `policy.yaml -> ..data/policy.yaml` and renames a new `..data` symlink into place. So
// the directory is watched, not the file, and only the content decides whether anything changed.
// Events are a hint to look sooner: bind mounts and network file systems deliver none and report no error either,
// so the file is also looked at now and then.

import { dirname } from 'node:path';
import { type Handle, SYSTEM_IO, type WatchIo } from './watch-io.js';

export type PolicyChange =
  /** The content differs from the last one known, or can be read again. It may still be a bad policy: `parsePolicy` says. */
  | { readonly kind: 'changed'; readonly text: string }
  /** The file is gone or cannot be read; told once, until it can be read again. */
  | { readonly kind: 'unreadable'; readonly missing: boolean; readonly message: string };

export interface WatchOptions {
  /** The content in force. Without it the first look only learns what is there and reports nothing. */
  readonly initialText?: string;
  /** Quiet time after an event before the file is read, so that a burst is one change. Default 100 ms. */
  readonly debounceMs?: number;
  /** How often the file is looked at where events work. Default 10000 ms. */
  readonly safetyPollMs?: number;
  /** How often where they do not. Default 1000 ms. */
  readonly pollMs?: number;
  readonly io?: WatchIo;
}

export interface PolicyWatch {
  /** Releases the watcher and all timers; no call comes after it. */
  close(): void;
}

/** A stream of events longer than this many quiet times is not waited out. */
const MAX_POSTPONEMENTS = 20;
/** An empty file is a valid policy, and it is also what a writer leaves for a moment: it has to stay empty. */
const EMPTY_LOOKS = 10;

/**
 * Calls `onChange` for each change of the file's content, one at a time. A file that comes back unchanged is told only if its
 * absence was: whoever was told that it cannot be read has to hear that it can.
 * Does not throw and does not keep the process alive. What `onChange` throws becomes an unhandled rejection.
 */
export function watchPolicy(
  path: string,
  onChange: (change: PolicyChange) => void,
  options: WatchOptions = {},
): PolicyWatch {
  const watcher = new Watcher(path, onChange, options);
  watcher.start();
  return watcher;
}

class Watcher implements PolicyWatch {
  readonly #path: string;
  readonly #onChange: (change: PolicyChange) => void;
  readonly #io: WatchIo;
  readonly #debounceMs: number;
  readonly #pollMs: { readonly withEvents: number; readonly without: number };
  #closed = false;
  /** null: not known yet. */
  #text: string | null;
  #unreadable: string | null = null;
  #fileIdentity: string | null = null;
  #directory: { readonly identity: string | null; readonly handle: Handle } | null = null;
  #debounce: Handle | null = null;
  #postponements = 0;
  #poll: Handle | null = null;
  #emptyLooks = 0;
  #hinted = false;
  #looking = false;
  #lookAgain = false;

  constructor(path: string, onChange: (change: PolicyChange) => void, options: WatchOptions) {
    this.#path = path;
    this.#onChange = onChange;
    this.#io = options.io ?? SYSTEM_IO;
    this.#debounceMs = options.debounceMs ?? 100;
    this.#pollMs = { withEvents: options.safetyPollMs ?? 10_000, without: options.pollMs ?? 1_000 };
    this.#text = options.initialText ?? null;
  }

  start(): void {
    this.#look();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const handle of [this.#debounce, this.#poll, this.#directory?.handle]) handle?.close();
  }

  /** Something happened: look when it has been quiet for a moment, or when that takes too long. */
  #hint(): void {
    if (this.#closed || (this.#debounce !== null && this.#postponements >= MAX_POSTPONEMENTS)) return;
    this.#hinted = true;
    this.#postponements++;
    this.#debounce?.close();
    this.#debounce = this.#io.later(this.#debounceMs, () => {
      this.#debounce = null;
      this.#postponements = 0;
      this.#look();
    });
  }

  /** One look at a time; what comes during one causes one more. */
  #look(): void {
    if (this.#looking) {
      this.#lookAgain = true;
      return;
    }
    this.#looking = true;
    void this.#check().finally(() => this.#looked());
  }

  #looked(): void {
    this.#looking = false;
    if (this.#closed) return;
    if (this.#lookAgain) {
      this.#lookAgain = false;
      this.#hint();
    }
    this.#poll?.close();
    const every = this.#directory === null ? this.#pollMs.without : this.#pollMs.withEvents;
    this.#poll = this.#io.later(every, () => this.#look());
  }

  async #check(): Promise<void> {
    await this.#watchDirectory();
    const before = await this.#io.identity(this.#path);
    // An event asks for a read whatever the file's times say: two writes can fall into one tick of its clock.
    const settled = !this.#hinted && this.#unreadable === null && this.#text !== null && this.#emptyLooks === 0;
    this.#hinted = false;
    if (before !== null && before === this.#fileIdentity && settled) return;
    const read = await this.#io.read(this.#path);
    const after = await this.#io.identity(this.#path);
    if (this.#closed) return;
    if (before !== after) {
      this.#hint();
      return;
    }
    this.#fileIdentity = after;
    if (read.ok) this.#have(read.text);
    else this.#tell({ kind: 'unreadable', missing: read.missing, message: read.message });
  }

  /** Watches the directory that is there now: a directory that was replaced takes its watcher with it. */
  async #watchDirectory(): Promise<void> {
    const directory = dirname(this.#path);
    const identity = await this.#io.identity(directory);
    if (this.#closed || (this.#directory !== null && this.#directory.identity === identity)) return;
    this.#directory?.handle.close();
    this.#directory = null;
    if (identity === null) return;
    try {
      const handle = this.#io.watch(
        directory,
        () => this.#hint(),
        () => this.#eventsFailed(),
      );
      this.#directory = { identity, handle };
    } catch {
      // No events on this file system or no watches left (EMFILE, ENOSPC): the shorter poll takes over.
      this.#directory = null;
    }
  }

  /** The next look tries to watch again. */
  #eventsFailed(): void {
    this.#directory?.handle.close();
    this.#directory = null;
    this.#hint();
  }

  #have(text: string): void {
    const known = this.#text;
    // What was told to be unreadable is news when it can be read, whatever is in it.
    const isNews = this.#unreadable !== null || (known !== null && known !== text);
    if (text.trim() === '' && known !== null && known.trim() !== '' && this.#emptyLooks < EMPTY_LOOKS) {
      this.#emptyLooks++;
      this.#hint();
      return;
    }
    this.#unreadable = null;
    this.#emptyLooks = 0;
    this.#text = text;
    if (isNews) this.#onChange({ kind: 'changed', text });
  }

  #tell(change: PolicyChange & { readonly kind: 'unreadable' }): void {
    if (this.#closed || this.#unreadable === change.message) return;
    this.#unreadable = change.message;
    this.#onChange(change);
  }
}
