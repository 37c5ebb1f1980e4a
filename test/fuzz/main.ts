// `npm run fuzz`: prints the seed, how far it is and how fast, and what was found. Exit status: 0 nothing, 1 something, 2 wrong
// usage.

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CommanderError } from 'commander';
import { afterWarmUp, isFlat, type Sample, trendOf } from '../soak/trend.js';
import { type FuzzOptions, readOptions } from './options.js';
import type { Progress } from './worker.js';

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));
/** No batch takes so long, on the slowest machine. */
const HANGS_AFTER_MS = 120_000;
const SAY_EVERY_MS = 5_000;
const FREE_BYTES = 8 * 1024 * 1024;
const SHARE = 0.1;

class Run {
  readonly heap: Sample[] = [];
  last: Progress | null = null;
  findings: readonly string[] = [];
  #saidAtMs = 0;
  readonly #startedAtMs = performance.now();

  take(progress: Progress): void {
    if (progress.part !== this.last?.part) this.findings = [...this.findings, ...(this.last?.findings ?? [])];
    this.last = progress;
    const atS = (performance.now() - this.#startedAtMs) / 1000;
    if (progress.part === 'messages') this.heap.push({ atS, bytes: progress.heapBytes });
    if (performance.now() - this.#saidAtMs < SAY_EVERY_MS) return;
    this.#saidAtMs = performance.now();
    const { part, done, heapBytes, findings } = progress;
    const heap = (heapBytes / 1024 / 1024).toFixed(1);
    console.log(`${atS.toFixed(0).padStart(5)} s  ${done} ${part}, heap ${heap} MiB, ${findings.length} findings`);
  }

  get problems(): string[] {
    const trend = trendOf(afterWarmUp(this.heap));
    const grows =
      trend !== null && !isFlat(trend, SHARE, FREE_BYTES) ? [`the heap grows by ${trend.riseBytes} bytes`] : [];
    return [...this.findings, ...(this.last?.findings ?? []), ...grows];
  }

  /** Messages per second, until the last of them. */
  get rate(): number {
    const last = this.heap.at(-1);
    return last === undefined ? 0 : (this.heap.length * 10_000) / last.atS;
  }
}

/** Resolves with the worker's exit status. */
function work({ messages, seed }: FuzzOptions, run: Run): Promise<number | null> {
  const worker = fork(WORKER, [String(messages), String(seed)], { execArgv: ['--import', 'tsx', '--expose-gc'] });
  // Leaving by `exit` takes the worker along.
  process.once('exit', () => worker.kill('SIGKILL'));
  const hangs = () => {
    console.error(`no progress for ${HANGS_AFTER_MS / 1000} s after ${JSON.stringify(run.last)}`);
    worker.kill('SIGKILL');
  };
  let watchdog = setTimeout(hangs, HANGS_AFTER_MS);
  worker.on('message', (progress: Progress) => {
    clearTimeout(watchdog);
    watchdog = setTimeout(hangs, HANGS_AFTER_MS);
    run.take(progress);
  });
  return new Promise((resolve) => {
    worker.once('exit', (code) => {
      clearTimeout(watchdog);
      resolve(code);
    });
  });
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

try {
  const options = readOptions(process.argv.slice(2));
  console.log(`seed ${options.seed}, ${options.messages} messages`);
  const run = new Run();
  const code = await work(options, run);
  const problems = [...run.problems, ...(code === 0 ? [] : [`the worker ended with ${code}`])];
  console.log(`seed ${options.seed}: ${run.rate.toFixed(0)} messages/s; ${problems.length} problems`);
  for (const problem of problems) console.log(problem);
  process.exit(problems.length === 0 ? 0 : 1);
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
  throw error;
}
