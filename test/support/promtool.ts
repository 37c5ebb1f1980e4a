// Rules, alerts and dashboards are only as good as Prometheus' own verdict on them. promtool has no npm package, and its
// release is an archive of 100 MB; Go builds it from its module. This finds it or builds it, once.

import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory } from './cache.js';

const run = promisify(execFile);

/** Prometheus 3.10.0 as a Go module. Any promtool of version 3 does. */
export const PROMTOOL_VERSION = '3.10.0';
const MODULE = 'github.com/prometheus/prometheus';
const MODULE_VERSION = 'v0.310.0';
/** As `go` in that module's go.mod. */
const GO_VERSION = '1.25';

/**
 * Path of a promtool. In this order: `PROMTOOL_BIN`; a `promtool` on the PATH; the cached one; a build with Go, which takes
 * minutes and says so.
 * @throws Error that names what is missing and what to do.
 */
export async function promtoolBinary(): Promise<string> {
  const found = named() ?? onPath('promtool');
  if (found !== undefined) return found;
  const cached = join(cacheDirectory(), `promtool-${PROMTOOL_VERSION}`);
  if (!existsSync(cached)) await build(cached);
  return cached;
}

export interface Verdict {
  readonly ok: boolean;
  /** Both of its outputs. */
  readonly said: string;
}

/** Runs promtool; `input` goes to its standard input. It resolves whatever the verdict. */
export async function promtool(args: readonly string[], input?: string): Promise<Verdict> {
  const child = spawn(await promtoolBinary(), args, { stdio: ['pipe', 'pipe', 'pipe'] });
  // One that ends without reading its input has its own verdict on it: the exit code tells.
  child.stdin.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') child.emit('error', error);
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  return { ok: code === 0, said };
}

function named(): string | undefined {
  const path = process.env.PROMTOOL_BIN;
  if (path === undefined || path === '') return undefined;
  if (!existsSync(path)) throw new Error(`PROMTOOL_BIN is ${JSON.stringify(path)}, and there is no such file`);
  return path;
}

function onPath(command: string): string | undefined {
  const directories = (process.env.PATH ?? '').split(delimiter).filter((directory) => directory !== '');
  return directories.map((directory) => join(directory, command)).find((file) => existsSync(file));
}

/** `go install` refuses a module with replace directives; required from a module of our own, it builds. */
async function build(target: string): Promise<void> {
  if (onPath('go') === undefined) throw new Error(`promtool is missing: ${WAYS_OUT}`);
  process.stderr.write(`building promtool ${PROMTOOL_VERSION} with Go (some minutes, once)\n`);
  const work = await mkdtemp(join(tmpdir(), 'sluice-promtool-'));
  const goPath = join(work, 'go');
  try {
    await writeFile(join(work, 'go.mod'), `module tool\n\ngo ${GO_VERSION}\n\nrequire ${MODULE} ${MODULE_VERSION}\n`);
    // Without the service discoveries of every cloud: half of the time, and nothing that is asked of it here.
    const flags = ['-trimpath', '-ldflags=-s', '-tags=remove_all_sd', '-o', join(work, 'promtool')];
    // Modules are made read-only otherwise, and could not be removed.
    const env = { ...process.env, GOPATH: goPath, GOFLAGS: '-mod=mod -modcacherw' };
    await run('go', ['build', ...flags, `${MODULE}/cmd/promtool`], { cwd: work, env, maxBuffer: 1e8 });
    await mkdir(join(target, '..'), { recursive: true });
    await moveInto(join(work, 'promtool'), target);
  } catch (cause) {
    throw new Error(`promtool could not be built with Go: ${WAYS_OUT}`, { cause });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const WAYS_OUT = `install Go ${GO_VERSION} or newer, put a promtool of Prometheus 3 on the PATH, or set PROMTOOL_BIN to one`;

/** The cache may be on another file system than the work; only the last step has to be a rename. */
async function moveInto(from: string, to: string): Promise<void> {
  const beside = `${to}.${process.pid}`;
  await run('cp', [from, beside]);
  await rename(beside, to);
}
