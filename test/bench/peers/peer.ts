// Somebody else's server to be measured against, on the same machine and in the same run. It is built once, where Go is at hand.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheDirectory } from '../../support/cache.js';

const run = promisify(execFile);
const SOURCES = fileURLToPath(new URL('.', import.meta.url));

/** Path of the program. @throws Error where there is no Go, or it cannot build. */
export async function peerBinary(): Promise<string> {
  const hash = createHash('sha256');
  for (const name of ['server.go', 'go.mod', 'go.sum']) hash.update(await readFile(join(SOURCES, name)));
  const target = join(cacheDirectory(), `bench-peer-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(target)) return target;
  process.stderr.write('building the Go server to compare with (some minutes, once)\n');
  await mkdir(cacheDirectory(), { recursive: true });
  await run('go', ['build', '-o', target, '.'], { cwd: SOURCES }).catch((cause: unknown) => {
    throw new Error('the Go server could not be built: install Go 1.25 or newer, or leave its arm out (--arms)', {
      cause,
    });
  });
  return target;
}

export async function hasGo(): Promise<boolean> {
  return run('go', ['version']).then(
    () => true,
    () => false,
  );
}
