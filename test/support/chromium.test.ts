import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { chromiumBinary } from './chromium.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A directory with these programs in it. */
async function directoryWith(...names: readonly string[]): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-path-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  for (const name of names) await writeFile(join(directory, name), '', { mode: 0o755 });
  return directory;
}

describe('the Chromium of the tests', () => {
  it('is the one that CHROMIUM_BIN names, whatever is on the PATH', async () => {
    vi.stubEnv('PATH', await directoryWith('chromium'));
    vi.stubEnv('CHROMIUM_BIN', process.execPath);
    expect(await chromiumBinary()).toBe(process.execPath);
  });

  it('is else the first on the PATH, by any of its names', async () => {
    const [first, second] = [await directoryWith('google-chrome'), await directoryWith('chromium')];
    vi.stubEnv('CHROMIUM_BIN', '');
    vi.stubEnv('PATH', `/nowhere:${first}:${second}`);
    expect(await chromiumBinary()).toBe(join(first, 'google-chrome'));
  });

  it('that is not there is an error that says what to install', async () => {
    vi.stubEnv('CHROMIUM_BIN', '');
    vi.stubEnv('PATH', await directoryWith());
    await expect(chromiumBinary()).rejects.toThrow('apt-get install -y chromium');
    vi.stubEnv('CHROMIUM_BIN', '/nowhere/chromium');
    await expect(chromiumBinary()).rejects.toThrow('CHROMIUM_BIN is /nowhere/chromium, and there is no such program');
  });
});
