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

export function policyReader(): PolicyReader {
  let current: AbortController | null = null;
  return {
    async read(toCheck) {
      current?.abort();
      const mine = new AbortController();
      current = mine;
      const checked = await checkApart(toCheck, mine.signal);
      return checked === null ? null : toPolicy(checked, toCheck.text);
    },
    close: () => current?.abort(),
  };
}

/** Reads and checks a policy file. Never rejects; a file that cannot be read is a problem like any other. */
export async function loadPolicyApart(path: string): Promise<LoadResult> {
  const read = await readPolicyText(path);
  if (!read.ok) return unfit(path, read.message);
  const checked = await checkApart({ text: read.text, fileName: path }, new AbortController().signal);
  return checked === null ? unfit(path, 'was not read to its end') : toPolicy(checked, read.text);
}

/** null: aborted. */
async function checkApart(toCheck: TextToCheck, signal: AbortSignal): Promise<CheckResult | null> {
  const thread = startThread(toCheck);
  // Where no thread is to be had, late is better than never.
  if (thread === null) return (await import('./load.js')).checkPolicy(toCheck.text, toCheck.fileName);
  return new Promise((resolve) => {
    const done = (result: CheckResult | null) => {
      clearTimeout(timer);
      resolve(result);
      void thread.terminate();
    };
    const failed = (why: string) => done(unfit(toCheck.fileName, why));
    const timer = setTimeout(
      () => failed(`took more than ${LONGEST_MS / 1000} s to read; make it simpler`),
      LONGEST_MS,
    );
    thread.once('message', done);
    thread.once('error', (error) => failed(`could not be read (${error.message}); make it simpler`));
    signal.addEventListener('abort', () => done(null), { once: true });
  });
}

/** null: the system, or Node's permissions, allow none. */
function startThread(workerData: TextToCheck): Worker | null {
  try {
    return new Worker(THREAD, { workerData, resourceLimits: { maxOldGenerationSizeMb: MOST_MEMORY_MIB } });
  } catch {
    return null;
  }
}
