// `sluice serve` as a process: what its environment says, and what it outlives.

import { afterEach, expect, it, vi } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Sluice, startSluice } from '../support/sluice.js';

// Each test starts a process, and the machine may be busy with others.
vi.setConfig({ testTimeout: 30_000 });

let running: Sluice | null = null;
afterEach(() => running?.kill());

async function serve(env: Readonly<Record<string, string>>): Promise<Sluice> {
  running = await startSluice({ policy: {}, env });
  return running;
}

it('takes a variable that is set to nothing for one that is not set', async () => {
  const sluice = await serve({ SLUICE_LOG_LEVEL: '', SLUICE_TRANSPORT: '', SLUICE_ADMIN_TOKEN: '' });
  expect((await sluice.fetch('/readyz')).status).toBe(200);
  expect(await sluice.stop()).toBe(0);
});

it.each([
  ['an exception', "throw new Error('meant to be missed')"],
  ['a rejection', "void Promise.reject(new Error('meant to be missed'))"],
])('counts and logs %s that nothing caught, and goes on', async (_what, fault) => {
  const script = `process.on('SIGUSR2', () => { ${fault} })`;
  const sluice = await serve({ NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` });
  sluice.signal('SIGUSR2');
  await eventually(() => {
    const told = sluice.logs().filter(({ event }) => event === 'fault');
    expect(told).toMatchObject([{ reason: 'process', error: 'Error: meant to be missed' }]);
  });
  expect((await sluice.metrics()).metric('sluice_faults_total', { reason: 'process' })).toBe(1);
  expect((await sluice.fetch('/readyz')).status).toBe(200);
  expect(await sluice.stop()).toBe(0);
});
