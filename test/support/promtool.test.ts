// Where promtool is looked for. That a build with Go works is for `npm run test:rules` on a machine without one to show.

import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PROMTOOL_VERSION, promtool, promtoolBinary } from './promtool.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-promtool-test-'));
  vi.stubEnv('PROMTOOL_BIN', '');
  vi.stubEnv('PATH', '');
  vi.stubEnv('XDG_CACHE_HOME', join(directory, 'cache'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true, force: true });
});

/** A program that says its arguments and its input, and ends as told. */
async function program(file: string, code = 0): Promise<string> {
  await mkdir(join(file, '..'), { recursive: true });
  const script = `process.stdin.on('data', (d) => process.stderr.write(d)).on('end', () => process.exit(${code}));`;
  await writeFile(file, `#!${process.execPath}\nprocess.stdout.write(process.argv.slice(2).join(' '));${script}\n`);
  await chmod(file, 0o755);
  return file;
}

describe('promtool is taken', () => {
  it('from PROMTOOL_BIN before anywhere else', async () => {
    const named = await program(join(directory, 'mine'));
    await program(join(directory, 'bin', 'promtool'));
    vi.stubEnv('PROMTOOL_BIN', named);
    vi.stubEnv('PATH', join(directory, 'bin'));
    expect(await promtoolBinary()).toBe(named);
  });

  it('from the PATH before the cache', async () => {
    const found = await program(join(directory, 'bin', 'promtool'));
    await program(join(directory, 'cache', 'sluice', `promtool-${PROMTOOL_VERSION}`));
    vi.stubEnv('PATH', `:${join(directory, 'none')}:${join(directory, 'bin')}`);
    expect(await promtoolBinary()).toBe(found);
  });

  it('from the cache where it is nowhere else', async () => {
    const cached = await program(join(directory, 'cache', 'sluice', `promtool-${PROMTOOL_VERSION}`));
    expect(await promtoolBinary()).toBe(cached);
  });
});

describe('without promtool', () => {
  it('and without Go, the error says what to install or to set', async () => {
    const words =
      'promtool is missing: install Go 1.25 or newer, put a promtool of Prometheus 3 on the PATH, or set PROMTOOL_BIN';
    await expect(promtoolBinary()).rejects.toThrow(words);
  });

  it('a PROMTOOL_BIN that is not there is named', async () => {
    vi.stubEnv('PROMTOOL_BIN', '/nowhere/promtool');
    await expect(promtoolBinary()).rejects.toThrow('PROMTOOL_BIN is "/nowhere/promtool"');
  });

  it('a build that fails says so and leaves nothing in the cache', async () => {
    await mkdir(join(directory, 'bin'));
    await writeFile(join(directory, 'bin', 'go'), `#!${process.execPath}\nprocess.exit(1);\n`, { mode: 0o755 });
    vi.stubEnv('PATH', join(directory, 'bin'));
    await expect(promtoolBinary()).rejects.toThrow('promtool could not be built with Go: install Go');
    expect(await readdir(join(directory, 'cache')).catch(() => [])).toEqual([]);
  });
});

describe('a run of promtool', () => {
  it('gives it arguments and input, and tells what it said on both outputs', async () => {
    vi.stubEnv('PROMTOOL_BIN', await program(join(directory, 'promtool')));
    expect(await promtool(['check', 'metrics'], 'text')).toEqual({ ok: true, said: 'check metricstext' });
  });

  it('is not ok where it ends with an error', async () => {
    vi.stubEnv('PROMTOOL_BIN', await program(join(directory, 'promtool'), 3));
    expect((await promtool(['x'])).ok).toBe(false);
  });
});
