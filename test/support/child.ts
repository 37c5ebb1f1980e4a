// Envoy and Sluice are children of the test process: none may outlive it, and a test that fails needs what they said.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';

const STOP_TIMEOUT_MS = 5_000;

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface Child {
  readonly pid: number;
  /** Everything said so far. */
  stdout(): string;
  stderr(): string;
  /** Exit code, or null while it runs or when a signal ended it. */
  exitCode(): number | null;
  hasExited(): boolean;
  signal(name: NodeJS.Signals): void;
  /** Resolves with the exit code (null: ended by a signal) once it is gone. */
  exited(): Promise<number | null>;
  /** SIGTERM, and after five seconds SIGKILL; resolves like `exited`. */
  stop(): Promise<number | null>;
}

/** Whose process it is, where it starts, and where its output goes; ours, and kept, unless told. */
export interface RunAs {
  /** Another user takes being root. */
  readonly uid?: number;
  readonly gid?: number;
  readonly cwd?: string;
  /** File to write standard output to, in place of keeping it. */
  readonly stdout?: string;
}

/** @throws Error when there is no such command, or the file cannot be opened. */
export async function startChild(
  command: string,
  args: readonly string[],
  env = process.env,
  { stdout, ...as }: RunAs = {},
): Promise<Child> {
  const file = stdout === undefined ? null : openSync(stdout, 'w');
  const child = spawn(command, args, { stdio: ['ignore', file ?? 'pipe', 'pipe'], env, ...as });
  if (file !== null) closeSync(file);
  await once(child, 'spawn');
  running.add(child);
  const out = collect(child.stdout);
  const err = collect(child.stderr);
  const gone = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      running.delete(child);
      resolve(code);
    });
  });
  const hasExited = () => child.exitCode !== null || child.signalCode !== null;
  return {
    pid: child.pid ?? -1,
    stdout: out,
    stderr: err,
    exitCode: () => child.exitCode,
    hasExited,
    signal: (name) => child.kill(name),
    exited: () => gone,
    async stop() {
      if (!hasExited()) child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      const code = await gone;
      clearTimeout(killer);
      return code;
    },
  };
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  if (stream === null) return () => text;
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}
