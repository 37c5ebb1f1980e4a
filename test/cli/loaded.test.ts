// What a running sidecar has in its memory of the packages that come with it. Each costs every pod some MiB, so one that is
// needed only now and then must not be loaded by the rest. Node itself tells what it has loaded, as coverage, at its end.

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { afterTest } from '../observe/support.js';
import { startSluice } from '../support/sluice.js';

// Each test starts a process, and the machine may be busy with others.
vi.setConfig({ testTimeout: 60_000 });

const PACKAGE = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//;
const FILES_ALONE = ['yaml', 'zod'];
const LIBRARY_OF_GRPC = '@grpc/grpc-js';

interface Coverage {
  readonly result: readonly { readonly url: string }[];
}

/** The packages, of everything that was loaded on the thread that serves, once all of its HTTP side has been asked. */
async function loadedBy(...args: string[]): Promise<readonly string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-loaded-'));
  afterTest(() => rm(directory, { recursive: true }));
  const sluice = await startSluice({ policy: {}, args, env: { NODE_V8_COVERAGE: directory } });
  for (const path of ['/', '/circuits', '/requests?limit=1', '/policy?cluster=a', '/metrics', '/events?limit=0']) {
    await (await sluice.fetch(path)).text();
  }
  expect(await sluice.stop()).toBe(0);
  const urls = (await serving(directory)).result.map(({ url }) => url);
  return [...new Set(urls.flatMap((url) => PACKAGE.exec(url)?.[1] ?? []))];
}

/** A file for each thread: the one that serves has loaded the program itself. */
async function serving(directory: string): Promise<Coverage> {
  const files = (await readdir(directory)).map((name) => readFile(join(directory, name), 'utf8'));
  const threads = (await Promise.all(files)).map((text) => JSON.parse(text) as Coverage);
  const found = threads.find(({ result }) => result.some(({ url }) => url.endsWith('/dist/main.js')));
  if (found === undefined) throw new Error('no thread told that it had loaded the program');
  return found;
}

it('has nothing loaded that only reads files, nor the library of the transport that it does not use', async () => {
  const loaded = await loadedBy();
  expect(loaded).toEqual(expect.arrayContaining(['commander', 'path-to-regexp', 'pino', 'prom-client']));
  for (const name of [...FILES_ALONE, LIBRARY_OF_GRPC, 'protobufjs']) expect(loaded).not.toContain(name);
});

it('has that library where it is asked for, and what reads the state file where there is one', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-loaded-'));
  afterTest(() => rm(directory, { recursive: true }));
  const loaded = await loadedBy('--transport', 'grpc-js', '--state', join(directory, 'state'));
  expect(loaded).toEqual(expect.arrayContaining([LIBRARY_OF_GRPC, 'zod']));
});
