import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadState } from '../../src/state/load.js';
import { saveState } from '../../src/state/save.js';
import { directory, headerLine, MOMENT, OPEN } from './support.js';

const MAX_AGE_MS = 900_000;
const later = (ms: number) => ({ ...MOMENT, bootMs: MOMENT.bootMs + ms, wallMs: MOMENT.wallMs + ms });

describe('loading', () => {
  it('gives what was saved, and how long ago', async () => {
    const file = join(directory(), 'state');
    await saveState(file, MOMENT, [OPEN]);
    expect(await loadState(file, MAX_AGE_MS, later(1234))).toEqual({ ok: true, ageMs: 1234, memories: [OPEN] });
  });

  it('takes a file of the age limit, and none that is older', async () => {
    const file = join(directory(), 'state');
    await saveState(file, MOMENT, [OPEN]);
    expect(await loadState(file, MAX_AGE_MS, later(MAX_AGE_MS))).toMatchObject({ ok: true });
    const old = await loadState(file, MAX_AGE_MS, later(MAX_AGE_MS + 1));
    expect(old).toEqual({ ok: false, problem: 'too_old', why: 'it is 900 s old, more than 900 s' });
  });

  it('finds nothing where there is no file', async () => {
    expect(await loadState(join(directory(), 'state'), MAX_AGE_MS)).toMatchObject({ ok: false, problem: 'absent' });
  });

  it('does not even read a file that is too large', async () => {
    const file = join(directory(), 'state');
    writeFileSync(file, headerLine());
    truncateSync(file, 65 * 1024 * 1024);
    expect(await loadState(file, MAX_AGE_MS)).toMatchObject({ ok: false, problem: 'too_large' });
  });

  it('does not wait for what is no regular file', async () => {
    const inside = directory();
    mkdirSync(join(inside, 'directory'));
    execFileSync('mkfifo', [join(inside, 'pipe')]);
    symlinkSync('loop', join(inside, 'loop'));
    for (const name of ['directory', 'pipe', 'loop']) {
      expect(await loadState(join(inside, name), MAX_AGE_MS)).toMatchObject({ ok: false, problem: 'unreadable' });
    }
  });

  it('passes on what the format says', async () => {
    const file = join(directory(), 'state');
    writeFileSync(file, 'x');
    expect(await loadState(file, MAX_AGE_MS)).toMatchObject({ ok: false, problem: 'damaged' });
    writeFileSync(file, `${headerLine({ version: 9 })}\n`);
    expect(await loadState(file, MAX_AGE_MS)).toMatchObject({ ok: false, problem: 'version' });
  });
});
