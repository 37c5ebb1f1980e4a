// Checks a policy beside the traffic. YAML with a thousand clusters takes a third of a second to read, a hostile
// megabyte many seconds: on the thread that answers Envoy, that would be the time for which every request waits. The first
// policy is checked there as well: a thread takes along what it loaded for that when it ends, ten MiB.

import { Worker } from 'node:worker_threads';
import { readPolicyText } from './read.js';
import { type CheckResult, type LoadResult, toPolicy, unfit } from './result.js';

export interface TextToCheck {
  readonly text: string;
  /** As it is to appear in messages. */
  readonly fileName: string;
}

export interface PolicyReader {
  /** Never rejects; null: `close` came first. One text at a time: a newer one ends the reading of an older. */
  read(toCheck: TextToCheck): Promise<LoadResult | null>;
  close(): void;
}

/** No policy within the limit of its size takes this long on a machine that works. */
const LONGEST_MS = 60_000;
const MOST_MEMORY_MIB = 512;
const THREAD = new URL('./check-thread.js', import.meta.url);

/** What the thread says first. */
export const LOADED = 'loaded';

export function policyReader(): PolicyReader {
  let thread: CheckThread | null = null;
  const check = (toCheck: TextToCheck): Promise<CheckResult | null> => {
    if (thread?.giveUp() !== true) thread = startThread();
    return thread === null ? checkHere(toCheck) : thread.check(toCheck);
  };
  return {
    async read(toCheck) {
      const checked = await check(toCheck);
      return checked === null ? null : toPolicy(checked, toCheck.text);
    },
    close: () => thread?.end(),
  };
}

/** Reads and checks a policy file. Never rejects; a file that cannot be read is a problem like any other. */
export async function loadPolicyApart(path: string): Promise<LoadResult> {
  const read = await readPolicyText(path);
  if (!read.ok) return unfit(path, read.message);
  return (await policyReader().read({ text: read.text, fileName: path })) ?? unfit(path, 'was not read to its end');
}

/** Where no thread is to be had, late is better than never. */
async function checkHere({ text, fileName }: TextToCheck): Promise<CheckResult> {
  return (await import('./load.js')).checkPolicy(text, fileName);
}

/** null: the system, or Node's permissions, allow none. */
function startThread(): CheckThread | null {
  try {
    return new CheckThread();
  } catch {
    return null;
  }
}

/**
 * Checks one text. It is never stopped while it loads: Node would leave the files open that it was reading then, for as long
 * as the process lives.
 */
class CheckThread {
  readonly #worker = new Worker(THREAD, { resourceLimits: { maxOldGenerationSizeMb: MOST_MEMORY_MIB } });
  #state: 'loading' | 'at work' | 'unwanted' | 'over' = 'loading';
  #toCheck: TextToCheck | null = null;
  #tell: ((result: CheckResult | null) => void) | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor() {
    this.#worker.on('message', (message: typeof LOADED | CheckResult) => this.#heard(message));
    this.#worker.once('error', (error) => this.#failed(`could not be read (${error.message}); make it simpler`));
  }

  /** null: it was given up, or ended. */
  check(toCheck: TextToCheck): Promise<CheckResult | null> {
    this.#toCheck = toCheck;
    const late = () => this.#failed(`took more than ${LONGEST_MS / 1000} s to read; make it simpler`);
    this.#timer = setTimeout(late, LONGEST_MS);
    return new Promise((resolve) => {
      this.#tell = resolve;
    });
  }

  /** Lets go of its text. @returns whether it can check another one. */
  giveUp(): boolean {
    if (this.#state !== 'loading') {
      this.end();
      return false;
    }
    this.#told(null);
    return true;
  }

  end(): void {
    this.#told(null);
    if (this.#state === 'loading') {
      this.#state = 'unwanted';
      this.#worker.unref();
    } else if (this.#state === 'at work') this.#stop();
  }

  #heard(message: typeof LOADED | CheckResult): void {
    if (message !== LOADED) return this.#done(message);
    if (this.#state === 'unwanted') return this.#stop();
    this.#state = 'at work';
    this.#worker.postMessage(this.#toCheck);
  }

  #failed(why: string): void {
    this.#done(unfit(this.#toCheck?.fileName ?? '', why));
  }

  #done(result: CheckResult): void {
    this.#told(result);
    this.end();
  }

  #told(result: CheckResult | null): void {
    clearTimeout(this.#timer);
    this.#tell?.(result);
    this.#tell = null;
  }

  #stop(): void {
    this.#state = 'over';
    void this.#worker.terminate();
  }
}
