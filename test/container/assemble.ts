// No container engine is needed to know what is in the image: this does in a directory what the Dockerfile says, with the
// same Node, and gives the file system that the last stage would have above its base image.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { node24 } from '../support/node24.js';
import { type Copy, parseDockerfile, type Stage } from './dockerfile.js';

const run = promisify(execFile);

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const DOCKERFILE = join(ROOT, 'deploy', 'Dockerfile');

export interface Image {
  /** Stands for `/`. */
  readonly root: string;
  readonly stage: Stage;
  /** Bytes of what the last stage copies, without its base image. */
  readonly bytes: number;
}

/** What the image is made of and starts with. */
export function lastStage(): Stage {
  const stage = parseDockerfile(readFileSync(DOCKERFILE, 'utf8')).at(-1);
  if (stage === undefined) throw new Error(`${DOCKERFILE} has no stage`);
  return stage;
}

/** What a volume brings: text by its path in the image. */
export type Mounts = Readonly<Record<string, string>>;

/** Takes a minute: two times `npm ci`, and a build. @throws Error with the words of the command that failed. */
export async function assembleImage(mounts: Mounts): Promise<Image & AsyncDisposable> {
  const stages = parseDockerfile(await readFile(DOCKERFILE, 'utf8'));
  const work = await mkdtemp(join(tmpdir(), 'sluice-image-'));
  try {
    const image = await assembleIn(work, stages, mounts);
    return { ...image, [Symbol.asyncDispose]: () => removeTree(work) };
  } catch (error) {
    await removeTree(work);
    throw error;
  }
}

async function assembleIn(work: string, stages: readonly Stage[], mounts: Mounts): Promise<Image> {
  const context = join(work, 'context');
  await copyContext(context);
  const roots = new Map<string | null, string>([[null, context]]);
  for (const [index, stage] of stages.entries()) {
    const root = join(work, `stage-${index}`);
    await fill(stage, root, roots);
    roots.set(stage.name, root);
  }
  const root = join(work, `stage-${stages.length - 1}`);
  const bytes = await sizeOf(root);
  // The base image has Node there; the copy can be read by whatever user it is to run as.
  await cp(await node24(), join(root, 'nodejs', 'bin', 'node'));
  await mount(root, mounts);
  await run('chmod', ['-R', 'a-w,a+rX', root]);
  await chmod(work, 0o755);
  return { root, stage: lastStage(), bytes };
}

async function mount(root: string, mounts: Mounts): Promise<void> {
  for (const [path, text] of Object.entries(mounts)) {
    const file = join(root, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

/** What `.dockerignore` lets through; ours lists what may go in and nothing else. */
async function copyContext(context: string): Promise<void> {
  const lines = (await readFile(join(ROOT, '.dockerignore'), 'utf8')).split('\n');
  const [first, ...rules] = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (first !== '*' || !rules.every((rule) => /^![\w.-]+$/.test(rule))) {
    throw new Error('.dockerignore: the tests read "*" and then "!NAME" of the top level, nothing finer');
  }
  await mkdir(context);
  for (const name of rules.map((rule) => rule.slice(1))) {
    await cp(join(ROOT, name), join(context, name), { recursive: true });
  }
}

async function fill(stage: Stage, root: string, roots: ReadonlyMap<string | null, string>): Promise<void> {
  const workdir = join(root, stage.workdir);
  await mkdir(workdir, { recursive: true });
  for (const step of stage.steps) {
    if (step.kind === 'copy') await copy(step.copy, root, stage.workdir, roots);
    else await runStep(step.command, workdir);
  }
}

async function copy(
  { from, sources, target }: Copy,
  root: string,
  workdir: string,
  roots: ReadonlyMap<string | null, string>,
): Promise<void> {
  const origin = roots.get(from);
  if (origin === undefined) throw new Error(`COPY --from=${from}: there is no such stage`);
  const destination = join(root, resolve(workdir, target));
  for (const source of sources) {
    const path = join(origin, source);
    const intoDirectory = target.endsWith('/') && !(await stat(path)).isDirectory();
    await mkdir(dirname(destination), { recursive: true });
    await cp(path, intoDirectory ? join(destination, basename(path)) : destination, {
      recursive: true,
      verbatimSymlinks: true,
    });
  }
}

async function runStep(command: string, cwd: string): Promise<void> {
  // An absolute path would be one of this machine, not of the stage.
  if (/(^|\s)\//.test(command)) throw new Error(`RUN ${command}: the tests can run relative paths only`);
  const path = [dirname(await node24()), process.env.PATH].join(delimiter);
  await run('sh', ['-c', command], { cwd, env: { ...process.env, PATH: path }, maxBuffer: 1e8 });
}

/** Every file below, as paths relative to `directory`. */
export async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
}

async function sizeOf(directory: string): Promise<number> {
  const sizes = await Promise.all(
    (await filesIn(directory)).map(async (file) => (await stat(join(directory, file))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function removeTree(directory: string): Promise<void> {
  await run('chmod', ['-R', 'u+w', directory]);
  await rm(directory, { recursive: true, force: true });
}
