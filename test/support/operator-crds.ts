// The Prometheus operator's own schema of its objects. It comes with the operator's Go module, and Go's module proxy is the
// one way to it that needs no archive of everything.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory } from './cache.js';

const run = promisify(execFile);

const MODULE = 'github.com/prometheus-operator/prometheus-operator';
const VERSION = 'v0.85.0';

/** YAML of the CustomResourceDefinition of PodMonitor. @throws Error that says what to do where Go is missing. */
export async function podMonitorCrd(): Promise<string> {
  const cached = join(cacheDirectory(), `podmonitors-${VERSION}.yaml`);
  if (!existsSync(cached)) await get(cached);
  return readFile(cached, 'utf8');
}

async function get(target: string): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'sluice-operator-'));
  try {
    const env = { ...process.env, GOPATH: join(work, 'go'), GOFLAGS: '-modcacherw' };
    const { stdout } = await run('go', ['mod', 'download', '-json', `${MODULE}@${VERSION}`], { cwd: work, env });
    const { Dir: directory } = JSON.parse(stdout) as { Dir: string };
    await mkdir(cacheDirectory(), { recursive: true });
    const file = join(directory, 'example', 'prometheus-operator-crd', 'monitoring.coreos.com_podmonitors.yaml');
    await run('cp', [file, `${target}.${process.pid}`]);
    await rename(`${target}.${process.pid}`, target);
  } catch (cause) {
    throw new Error('the schema of PodMonitor comes as a Go module: install Go', { cause });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
