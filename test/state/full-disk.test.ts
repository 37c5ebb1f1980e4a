// The state file where there is no room to write it: the file before it stays, and when there is room all is as it was.

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { loadState } from '../../src/state/load.js';
import { eventually } from '../support/eventually.js';
import { type Disk, limitedDisk, mountedDisk } from '../support/full-disk.js';
import { type Sluice, startSluice } from '../support/sluice.js';

// Several times the interval between two savings, which is a second at least.
vi.setConfig({ testTimeout: 90_000 });

const HOUR_MS = 3_600_000;
const ENDS_MS = 60_000;

async function used(disk: Disk): Promise<Disk> {
  onTestFinished(() => disk.remove());
  return disk;
}

async function serving(file: string): Promise<Sluice> {
  const sluice = await startSluice({ policy: {}, args: ['--state', file, '--state-interval', '1'] });
  onTestFinished(() => sluice.kill());
  return sluice;
}

async function saves(sluice: Sluice, result: 'saved' | 'failed'): Promise<number> {
  return (await sluice.metrics()).metric('sluice_state_saves_total', { result });
}

/** Until so many more came to that end. */
async function more(sluice: Sluice, result: 'saved' | 'failed', count: number): Promise<void> {
  const enough = (await saves(sluice, result)) + count;
  await eventually(async () => expect(await saves(sluice, result)).toBeGreaterThanOrEqual(enough), ENDS_MS);
}

function failures(sluice: Sluice) {
  return sluice.logs().filter(({ event }) => event === 'state_save_failed');
}

async function goesOnAsBefore(disk: Disk): Promise<void> {
  const file = disk.file('state');
  const sluice = await serving(file);
  await more(sluice, 'saved', 1);
  await disk.fill(sluice.pid);
  const startedAtMs = performance.now();
  await more(sluice, 'failed', 1);
  const before = readFileSync(file, 'utf8');
  await more(sluice, 'failed', 2);

  expect(readFileSync(file, 'utf8')).toBe(before);
  expect(await loadState(file, HOUR_MS)).toMatchObject({ ok: true });
  expect(existsSync(`${file}.tmp`)).toBe(false);
  // One a minute, however slow this machine is.
  const most = 1 + Math.floor((performance.now() - startedAtMs) / 60_000);
  await eventually(() => expect(failures(sluice).length).toBeGreaterThan(0));
  expect(failures(sluice).length).toBeLessThanOrEqual(most);
  expect(failures(sluice)[0]).toMatchObject({ level: 'error', file, error: expect.stringContaining(disk.error) });

  await disk.free(sluice.pid);
  await more(sluice, 'saved', 2);
  expect(readFileSync(file, 'utf8')).not.toBe(before);
  expect(await loadState(file, HOUR_MS)).toMatchObject({ ok: true });
  // And of the next time that there is no room it tells at once.
  const told = failures(sluice).length;
  await disk.fill(sluice.pid);
  await eventually(() => expect(failures(sluice).length).toBe(told + 1), ENDS_MS);
}

describe('a state file that there is no room for', () => {
  it('stays as it was, is told of once, and is written again when there is room', async () => {
    await goesOnAsBefore(await used(await limitedDisk()));
  });

  it('does so on a disk that is really full, where this machine can have one', async () => {
    const disk = await mountedDisk();
    if (disk !== null) await goesOnAsBefore(await used(disk));
  });
});
