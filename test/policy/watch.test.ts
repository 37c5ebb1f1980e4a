// Real files, real file events: what Kubernetes, editors and careless scripts do to a policy file. Every test waits
// for the call itself; times are short so that quiet periods are, and none decides whether a test passes.

import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type PolicyChange, type PolicyWatch, type WatchOptions, watchPolicy } from '../../src/policy/watch.js';
import { SYSTEM_IO } from '../../src/policy/watch-io.js';

/** The calls of a watch, to be awaited one after the other. */
class Calls {
  readonly #arrived: PolicyChange[] = [];
  readonly #waiting: ((change: PolicyChange) => void)[] = [];

  readonly take = (change: PolicyChange): void => {
    const waiter = this.#waiting.shift();
    if (waiter === undefined) this.#arrived.push(change);
    else waiter(change);
  };

  next(): Promise<PolicyChange> {
    const arrived = this.#arrived.shift();
    return arrived === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(arrived);
  }

  get unread(): number {
    return this.#arrived.length;
  }
}

describe('a watched policy file', () => {
  let directory = '';
  let path = '';
  let calls: Calls;
  let watch: PolicyWatch | null = null;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sluice-watch-'));
    path = join(directory, 'policy.yaml');
    calls = new Calls();
  });

  afterEach(async () => {
    watch?.close();
    await rm(directory, { recursive: true, force: true });
  });

  function start(options: WatchOptions = {}): void {
    watch = watchPolicy(path, calls.take, { debounceMs: 20, safetyPollMs: 200, pollMs: 20, ...options });
  }

  it('that is written anew is reported with its new text', async () => {
    await writeFile(path, 'one');
    start({ initialText: 'one' });
    await writeFile(path, 'two');
    expect(await calls.next()).toEqual({ kind: 'changed', text: 'two' });
  });

  it('that differs from the text in force at the start is reported at once', async () => {
    await writeFile(path, 'two');
    start({ initialText: 'one' });
    expect(await calls.next()).toEqual({ kind: 'changed', text: 'two' });
  });

  it('that an editor renames into place is reported', async () => {
    await writeFile(path, 'one');
    start({ initialText: 'one' });
    await writeFile(`${path}.tmp`, 'two');
    await rename(`${path}.tmp`, path);
    expect(await calls.next()).toEqual({ kind: 'changed', text: 'two' });
  });

  it('that Kubernetes swaps by its ..data symlink is reported, every time', async () => {
    const publish = async (version: string, text: string) => {
      await mkdir(join(directory, `..${version}`));
      await writeFile(join(directory, `..${version}`, 'policy.yaml'), text);
      await symlink(`..${version}`, join(directory, '..data_tmp'));
      await rename(join(directory, '..data_tmp'), join(directory, '..data'));
    };
    await publish('2024_01', 'one');
    await symlink(join('..data', 'policy.yaml'), path);
    start({ initialText: 'one' });
    await publish('2024_02', 'two');
    expect(await calls.next()).toEqual({ kind: 'changed', text: 'two' });
    await rm(join(directory, '..2024_01'), { recursive: true });
    await publish('2024_03', 'three');
    expect(await calls.next()).toEqual({ kind: 'changed', text: 'three' });
  });

  it('that is a symlink into another directory is noticed by looking now and then', async () => {
    const elsewhere = join(directory, 'elsewhere');
    await mkdir(elsewhere);
    await writeFile(join(elsewhere, 'real.yaml'), 'one');
    await symlink(join(elsewhere, 'real.yaml'), path);
    start({ initialText: 'one' });
    await writeFile(join(elsewhere, 'real.yaml'), 'two');
    expect(await calls.next()).toEqual({ kind: 'changed', text: 'two' });
  });

  it('that is deleted is reported once, and again as changed when new content comes', async () => {
    await writeFile(path, 'one');
    start({ initialText: 'one' });
    await unlink(path);
    expect(await calls.next()).toEqual({
      kind: 'unreadable',
      missing: true,
      message: 'does not exist; check the path',
    });
    await writeFile(path, 'two');
    expect(await calls.next()).toEqual({ kind: 'changed', text: 'two' });
    expect(calls.unread).toBe(0);
  });

  it('that is not there at the start is reported, and its first content is a change', async () => {
    start();
    expect(await calls.next()).toMatchObject({ kind: 'unreadable', missing: true });
    await writeFile(path, 'one');
    expect(await calls.next()).toEqual({ kind: 'changed', text: 'one' });
  });

  it('whose whole directory is replaced is reported, and watched on', async () => {
    const inner = join(directory, 'inner');
    path = join(inner, 'policy.yaml');
    await mkdir(inner);
    await writeFile(path, 'one');
    start({ initialText: 'one', safetyPollMs: 20 });
    await mkdir(join(directory, 'next'));
    await writeFile(join(directory, 'next', 'policy.yaml'), 'two');
    await rename(inner, join(directory, 'old'));
    await rename(join(directory, 'next'), inner);
    let change = await calls.next();
    if (change.kind === 'unreadable') change = await calls.next();
    expect(change).toEqual({ kind: 'changed', text: 'two' });
    await writeFile(path, 'three');
    expect(await calls.next()).toEqual({ kind: 'changed', text: 'three' });
  });

  it('that becomes a directory is reported as unreadable, not as missing', async () => {
    await writeFile(path, 'one');
    start({ initialText: 'one' });
    await mkdir(`${path}.d`);
    await unlink(path);
    await rename(`${path}.d`, path);
    let change = await calls.next();
    if (change.kind === 'unreadable' && change.missing) change = await calls.next();
    expect(change).toMatchObject({ kind: 'unreadable', missing: false });
  });

  it('is still noticed where the system delivers no events', async () => {
    await writeFile(path, 'one');
    const io = {
      ...SYSTEM_IO,
      watch: () => {
        throw new Error('ENOSPC: no watches left');
      },
    };
    start({ initialText: 'one', io });
    await writeFile(path, 'two');
    expect(await calls.next()).toEqual({ kind: 'changed', text: 'two' });
  });
});
