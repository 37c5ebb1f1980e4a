// `sluice serve --state` as a process: what it does with a file that is no good, and with a place that cannot be written.
// What it remembers is in test/envoy/state.test.ts.

import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Sluice, startSluice } from '../support/sluice.js';
import { directory, headerLine, signed } from './support.js';

// Each test starts a process, and the machine may be busy with others.
vi.setConfig({ testTimeout: 30_000 });

async function serve(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Sluice> {
  const sluice = await startSluice({ policy: {}, args: ['--transport', 'direct', ...args], env });
  onTestFinished(() => sluice.kill());
  return sluice;
}

function events(sluice: Sluice, ...names: readonly string[]) {
  return sluice.logs().filter(({ event }) => names.includes(String(event)));
}

async function loads(sluice: Sluice, result: string): Promise<number | undefined> {
  return (await sluice.metrics()).metric('sluice_state_loads_total', { result });
}

describe('a state file', () => {
  it('need not be there at the start, and is soon: for its owner alone', async () => {
    const file = join(directory(), 'state');
    const sluice = await serve(['--state', file]);
    await eventually(() => expect(readFileSync(file, 'utf8')).toContain('sluice state'), 15_000);
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
    expect(await loads(sluice, 'absent')).toBe(1);
    expect((await sluice.metrics()).metric('sluice_state_saves_total', { result: 'saved' })).toBeGreaterThan(0);
    expect(events(sluice, 'state_ignored', 'state_save_failed')).toEqual([]);
  });

  it('is written once more at the end', async () => {
    const file = join(directory(), 'state');
    const sluice = await serve(['--state-interval', '3600'], { SLUICE_STATE: file });
    await eventually(() => statSync(file), 15_000);
    rmSync(file);
    expect(await sluice.stop()).toBe(0);
    expect(readFileSync(file, 'utf8')).toContain('sluice state');
  });

  it('is not written, nor looked for, where none is named', async () => {
    const sluice = await serve([]);
    const metrics = await sluice.metrics();
    expect(metrics.metric('sluice_state_loads_total')).toBe(0);
    expect(metrics.metric('sluice_state_saves_total')).toBe(0);
  });

  it.each([
    ['damaged', 'not a state file'],
    ['version', `${headerLine({ version: 2 })}\n`],
    ['too_old', signed(headerLine({ wallMs: 0 }))],
  ])('that is %s is ignored with a warning, and replaced', async (reason, text) => {
    const file = join(directory(), 'state');
    writeFileSync(file, text);
    const sluice = await serve(['--state', file]);
    expect(events(sluice, 'state_ignored')).toMatchObject([{ level: 'warn', file, reason }]);
    expect(await loads(sluice, reason)).toBe(1);
    await eventually(() => expect(readFileSync(file, 'utf8')).not.toBe(text), 15_000);
  });

  it('is as old as it may be by --state-max-age', async () => {
    const file = join(directory(), 'state');
    writeFileSync(file, signed(headerLine({ wallMs: Date.now() - 3_600_000 })));
    const sluice = await serve(['--state', file, '--state-max-age', '86400']);
    expect(events(sluice, 'state_restored')).toMatchObject([{ file, circuits: 0, leftOut: 0 }]);
    expect(await loads(sluice, 'restored')).toBe(1);
  });

  it('that cannot be written costs a count and one line, and nothing else', async () => {
    const inside = directory();
    const file = join(inside, 'state');
    // A directory with something in it cannot be replaced by a file.
    mkdirSync(join(file, 'x'), { recursive: true });
    const sluice = await serve(['--state', file, '--state-interval', '1']);
    expect(await loads(sluice, 'unreadable')).toBe(1);
    await eventually(async () => {
      const failed = (await sluice.metrics()).metric('sluice_state_saves_total', { result: 'failed' });
      expect(failed).toBeGreaterThanOrEqual(2);
    }, 20_000);
    expect(events(sluice, 'state_save_failed')).toMatchObject([{ level: 'error', file }]);
    expect((await sluice.fetch('/readyz')).status).toBe(200);
    expect(await sluice.stop()).toBe(0);
  });

  it.each([
    [['--state-interval', '0'], /--state-interval is '0'; give seconds from 1 to 3600/],
    [['--state-max-age', 'old'], /--state-max-age is 'old'; give seconds from 1 to 604800/],
  ])('%j is refused', async (args, message) => {
    await expect(serve(['--state', '/nowhere', ...args])).rejects.toThrow(message);
  });
});
