// The image runs on Node 24, whatever runs the tests. The npm package `node` carries the bare binary; `.ci/run` gets it in
// the same way to the same place.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory } from './cache.js';

const run = promisify(execFile);

/** Path of the executable. @throws Error with npm's words where it cannot be had. */
export async function node24(): Promise<string> {
  const home = join(cacheDirectory(), 'node-24');
  const binary = join(home, 'node_modules', 'node', 'bin', 'node');
  if (!existsSync(binary)) {
    process.stderr.write('getting Node 24 (once)\n');
    await mkdir(home, { recursive: true });
    const options = ['--prefix', '.', '--no-save', '--no-audit', '--no-fund'];
    await run('npm', ['install', ...options, 'node@24'], { cwd: home });
  }
  const { stdout } = await run(binary, ['--version']);
  if (!stdout.startsWith('v24.')) throw new Error(`${binary} is Node ${stdout.trim()}, not 24: remove ${home}`);
  return binary;
}
