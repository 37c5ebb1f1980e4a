// Runs what the image runs, as the image's user, with nothing but what the image brings: no variable of ours, no file that
// can be written.

import { join } from 'node:path';
import { type Child, type RunAs, startChild } from '../support/child.js';
import { eventually } from '../support/eventually.js';
import type { Image } from './assemble.js';

const START_TIMEOUT_MS = 30_000;

/** As `docker run --env`. */
export type Env = Readonly<Record<string, string>>;

/** What the image calls `/...` is below its root here. */
function here(image: Image, word: string): string {
  return word.startsWith('/') ? join(image.root, word) : word;
}

function environment(image: Image, env: Env): Env {
  const own = Object.entries(image.stage.env).map(([name, value]) => [name, here(image, value)] as const);
  return { ...Object.fromEntries(own), ...env };
}

/** Taking on the image's user takes being root. Who is not, is not root, and that is what it is about. */
export function user(image: Image): RunAs {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = (image.stage.user ?? '').split(':').map(Number);
  if (!uid || !gid) throw new Error(`USER ${image.stage.user} is no uid:gid other than root`);
  return { uid, gid };
}

/** Any command in the image; resolves when it has ended. */
export async function runIn(image: Image, command: readonly string[], env: Env) {
  const child = await startIn(image, command, env);
  const code = await child.exited();
  return { code, stdout: child.stdout(), stderr: child.stderr() };
}

export function startIn(image: Image, [program = '', ...args]: readonly string[], env: Env): Promise<Child> {
  const words = args.map((word) => here(image, word));
  const as = { ...user(image), cwd: here(image, image.stage.workdir) };
  return startChild(here(image, program), words, environment(image, env), as);
}

/** ENTRYPOINT and CMD, until it says that it is ready; resolves with the addresses it listens on. */
export async function startContainer(image: Image, env: Env): Promise<{ child: Child; grpc: string; http: string }> {
  const child = await startIn(image, [...image.stage.entrypoint, ...image.stage.cmd], env);
  const line = await eventually(() => {
    const found = child
      .stdout()
      .split('\n')
      .find((text) => text.includes('"event":"started"'));
    if (found === undefined && !child.hasExited()) throw new Error('not started yet');
    return found;
  }, START_TIMEOUT_MS);
  if (line === undefined) throw new Error(`it ended with ${child.exitCode()}: ${child.stdout()}${child.stderr()}`);
  const { grpc, http } = JSON.parse(line) as { grpc: string; http: string };
  return { child, grpc, http };
}
