import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Remembered } from '../../src/core/recall.js';
import { memoryLimits } from '../../src/state/limits.js';
import { loadState } from '../../src/state/load.js';
import { saveState } from '../../src/state/save.js';
import { directory, MOMENT, OPEN } from './support.js';

async function clusters(file: string): Promise<string[]> {
  const loaded = await loadState(file, 1000, MOMENT);
  if (!loaded.ok) throw new Error(loaded.why);
  return loaded.memories.map(({ cluster }) => cluster);
}

function* many(count: number, each: () => void = () => undefined): Generator<Remembered> {
  for (let i = 0; i < count; i++) {
    each();
    yield { ...OPEN, cluster: `cluster-${i}` };
  }
}

describe('saving', () => {
  it('replaces the file, for its owner alone, and leaves nothing else behind', async () => {
    const before = process.umask(0);
    onTestFinished(() => void process.umask(before));
    const inside = directory();
    const file = join(inside, 'state');
    writeFileSync(file, 'old', { mode: 0o666 });
    await saveState(file, MOMENT, [OPEN]);
    expect(await clusters(file)).toEqual(['primary']);
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
    expect(readdirSync(inside)).toEqual(['state']);
  });

  it('leaves the file as it was where it fails half way', async () => {
    const inside = directory();
    const file = join(inside, 'state');
    await saveState(file, MOMENT, [OPEN]);
    const broken = many(3, () => {
      throw new Error('no more');
    });
    await expect(saveState(file, MOMENT, broken)).rejects.toThrow('no more');
    expect(await clusters(file)).toEqual(['primary']);
    expect(readdirSync(inside)).toEqual(['state']);
  });

  it('fails where there is no directory, none that can be written to, or something else of that name', async () => {
    const inside = directory();
    await expect(saveState(join(inside, 'none', 'state'), MOMENT, [OPEN])).rejects.toThrow('ENOENT');
    mkdirSync(join(inside, 'state', 'x'), { recursive: true });
    await expect(saveState(join(inside, 'state'), MOMENT, [OPEN])).rejects.toThrow();
    // Nothing can be created there, by root neither.
    await expect(saveState('/proc/state', MOMENT, [OPEN])).rejects.toThrow();
    expect(readdirSync(inside)).toEqual(['state']);
  });

  it('replaces what a process left that died while it wrote, and never follows a link laid in its place', async () => {
    const inside = directory();
    const [file, precious] = [join(inside, 'state'), join(inside, 'precious')];
    writeFileSync(precious, 'precious');
    writeFileSync(`${file}.tmp`, 'half a fi');
    await saveState(file, MOMENT, [OPEN]);
    symlinkSync(precious, `${file}.tmp`);
    await saveState(file, MOMENT, [OPEN]);
    expect(readFileSync(precious, 'utf8')).toBe('precious');
    expect(readdirSync(inside).sort()).toEqual(['precious', 'state']);
  });

  it('lets others have their turn while it saves many', async () => {
    const file = join(directory(), 'state');
    let turns = 0;
    const count = setInterval(() => turns++, 0);
    onTestFinished(() => clearInterval(count));
    let turnsAtEnd = 0;
    // Each costs as much time as a large circuit.
    const slow = many(300, () => {
      const until = performance.now() + 0.2;
      while (performance.now() < until);
      turnsAtEnd = turns;
    });
    await saveState(file, MOMENT, slow);
    expect(turnsAtEnd).toBeGreaterThan(5);
    expect(await clusters(file)).toHaveLength(300);
  });

  it('saves ten thousand circuits', async () => {
    const file = join(directory(), 'state');
    await saveState(file, MOMENT, many(10_000));
    expect(await clusters(file)).toHaveLength(10_000);
  });
});

describe('what is saved of each circuit', () => {
  it('is all of it as long as there are not too many of them', () => {
    expect(memoryLimits(0)).toEqual({ results: 1000, transitions: 20 });
    expect(memoryLimits(1000)).toEqual({ results: 1000, transitions: 20 });
  });

  it('becomes less, so that the file cannot become too large, but never nothing', () => {
    expect(memoryLimits(10_000)).toEqual({ results: 100, transitions: 5 });
    expect(memoryLimits(1e9)).toEqual({ results: 1, transitions: 1 });
  });
});
