// Renders kustomizations as a cluster's administrator would. kubectl does it where there is one; else Go builds kustomize
// from its module, once.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory } from './cache.js';

const run = promisify(execFile);

const MODULE = 'sigs.k8s.io/kustomize/kustomize/v5';
export const KUSTOMIZE_VERSION = '5.7.1';

const WAYS_OUT = 'install kubectl or kustomize, set KUSTOMIZE_BIN to a kustomize, or install Go 1.24 or newer';

/**
 * Command and first arguments of a renderer. In this order: `KUSTOMIZE_BIN`; `kustomize` on the PATH; `kubectl` there; the
 * cached kustomize; a build with Go, which takes a minute and says so.
 * @throws Error that names what is missing and what to do.
 */
export async function kustomize(): Promise<readonly [string, ...string[]]> {
  const named = process.env.KUSTOMIZE_BIN;
  if (named !== undefined && named !== '') {
    if (!(await works(named, ['version'])))
      throw new Error(`KUSTOMIZE_BIN is ${JSON.stringify(named)}: it does not run`);
    return [named, 'build'];
  }
  if (await works('kustomize', ['version'])) return ['kustomize', 'build'];
  if (await works('kubectl', ['kustomize', '--help'])) return ['kubectl', 'kustomize'];
  const cached = join(cacheDirectory(), `kustomize-${KUSTOMIZE_VERSION}`);
  if (!existsSync(cached)) await build(cached);
  return [cached, 'build'];
}

/** The manifests of a kustomization, as YAML. @throws Error with the renderer's own words. */
export async function render(directory: string): Promise<string> {
  const [command, ...args] = await kustomize();
  const { stdout } = await run(command, [...args, directory], { maxBuffer: 1e7 });
  return stdout;
}

function works(command: string, args: readonly string[]): Promise<boolean> {
  return run(command, args).then(
    () => true,
    () => false,
  );
}

async function build(target: string): Promise<void> {
  process.stderr.write(`building kustomize ${KUSTOMIZE_VERSION} with Go (a minute, once)\n`);
  const work = await mkdtemp(join(tmpdir(), 'sluice-kustomize-'));
  try {
    // Modules are made read-only otherwise, and could not be removed.
    const env = { ...process.env, GOPATH: join(work, 'go'), GOBIN: work, GOFLAGS: '-modcacherw' };
    await run('go', ['install', '-trimpath', `${MODULE}@v${KUSTOMIZE_VERSION}`], { cwd: work, env, maxBuffer: 1e8 });
    await mkdir(cacheDirectory(), { recursive: true });
    // The cache may be on another file system than the work; only the last step has to be a rename.
    await run('cp', [join(work, 'kustomize'), `${target}.${process.pid}`]);
    await rename(`${target}.${process.pid}`, target);
  } catch (cause) {
    throw new Error(`kustomize could not be built with Go: ${WAYS_OUT}`, { cause });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
