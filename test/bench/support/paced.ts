// Load at a fixed rate, in a process of its own so that what measures is not what starts the servers. Debian has no generator
// with a fixed rate that corrects for coordinated omission, and those of npm add more than the tenth of a millisecond that is
// to be seen: so this is a small one of our own (paced-client.ts).

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface PacedOptions {
  readonly port: number;
  readonly path: string;
  /** Requests per second. */
  readonly rate: number;
  readonly seconds: number;
  /** Answers of every status are what was asked for. Default: only 200 is. */
  readonly anyStatus?: boolean;
  /** Requests due while all of them are busy wait, and the wait is part of their latency. */
  readonly connections: number;
}

export interface PacedResult {
  readonly requests: number;
  /** Answers other than 200 (unless any will do), and requests without one. */
  readonly failed: number;
  /** From the moment a request was due to the last byte of its answer. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** @throws Error where the client ends without a result. */
export async function runPaced(options: PacedOptions): Promise<PacedResult> {
  const client = fork(fileURLToPath(new URL('paced-client.ts', import.meta.url)), { execArgv: ['--import', 'tsx'] });
  const ended = once(client, 'exit');
  const result = once(client, 'message');
  client.send(options);
  const first = await Promise.race([result, ended.then(() => undefined)]);
  if (first === undefined) throw new Error(`the client of the fixed rate ended with ${client.exitCode}`);
  await ended;
  return first[0] as PacedResult;
}
