// An upstream that must never be what limits: it answers every request with the same bytes, without reading it. On plain
// sockets that takes 11 us of processor time for a request, measured; an Envoy with a direct response takes 34, and would
// compete with the one that is measured for two cores. Only for clients that send one small request at a time.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface ConstantUpstream {
  readonly port: number;
  readonly pid: number;
  stop(): void;
}

/** Runs it in a process of its own; one of `failEvery` answers is a 503. @throws Error where it ends before it listens. */
export async function startConstantUpstream(failEvery = Number.POSITIVE_INFINITY): Promise<ConstantUpstream> {
  const file = fileURLToPath(new URL('constant-upstream-process.ts', import.meta.url));
  const child = fork(file, [String(failEvery)], { execArgv: ['--import', 'tsx'] });
  const ended = once(child, 'exit').then(() => undefined);
  const first = await Promise.race([once(child, 'message'), ended]);
  if (first === undefined || child.pid === undefined) throw new Error(`the upstream ended with ${child.exitCode}`);
  return { port: Number(first[0]), pid: child.pid, stop: () => child.kill() };
}
