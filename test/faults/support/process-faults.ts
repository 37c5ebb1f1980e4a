// What happens to the process: it dies, stands still, cannot write its log, loses its socket, and its clock is set.

import { existsSync } from 'node:fs';
import { readFile, unlink } from 'node:fs/promises';
import { loadState } from '../../../src/state/load.js';
import { eventually, pause } from '../../support/eventually.js';
import { smallDisk } from '../../support/full-disk.js';
import { type Fault, ofEnvoy, ofSluice } from './fault.js';
import type { World } from './world.js';

const DISTURBANCES = 'sluice_disturbances_total';
const ADMISSION = 'http.ingress.ext_proc';
const BLOCKED_MS = 1_000;
const HOUR_MS = 3_600_000;
const SAVES = 'sluice_state_saves_total';
/** It is tried every second. */
const SAVED_WITHIN_MS = 60_000;

export const killed: Fault = {
  name: 'killed and started again, over and over',
  told: ofEnvoy(`${ADMISSION}.failure_mode_allowed`),
  async inject(world, traffic, { restarts }) {
    for (let count = 0; count < restarts; count += 1) {
      await world.sluice.kill();
      await traffic.more(50);
      await world.startSluice();
      await traffic.more(100);
    }
  },
};

export const stopped: Fault = {
  name: 'stopped for seconds',
  told: ofSluice(DISTURBANCES, { reason: 'stalled' }),
  async inject({ sluice }, traffic, { stoppedMs }) {
    sluice.signal('SIGSTOP');
    await pause(stoppedMs);
    sluice.signal('SIGCONT');
    await traffic.more(300);
  },
};

export const blocked: Fault = {
  name: 'its event loop blocked for a second',
  told: ofSluice(DISTURBANCES, { reason: 'stalled' }),
  async inject(world, traffic) {
    const before = await world.envoy.counter(`${ADMISSION}.message_timeouts`);
    await world.command('block', BLOCKED_MS);
    await eventually(async () => {
      if ((await world.envoy.counter(`${ADMISSION}.message_timeouts`)) === before) throw new Error('nothing was late');
    });
    await traffic.more(300);
  },
};

export const diskFull: Fault = {
  name: 'its log on a disk that is full',
  told: ofSluice('sluice_log_lines_dropped_total'),
  async inject(world, traffic, { requests }) {
    await world.sluice.stop();
    await world.startSluice({ stdout: '/dev/full' });
    await world.sluice.writePolicy('no: policy');
    await traffic.more(requests);
  },
};

/** The process that it leaves behind has its state there for good, and room for it. */
export const stateDiskFull: Fault = {
  name: 'its state file on a disk that is full',
  told: ofSluice(SAVES, { result: 'failed' }),
  async inject(world, traffic, { requests }) {
    const disk = await smallDisk();
    world.atEnd(() => disk.remove());
    const file = disk.file('state');
    await world.sluice.stop();
    await world.startSluice({ args: ['--state', file, '--state-interval', '1'] });
    await savesMore(world, 'saved');
    await disk.fill(world.sluice.pid);
    await savesMore(world, 'failed');
    const before = await readFile(file, 'utf8');
    await traffic.more(requests);
    await savesMore(world, 'failed');
    if ((await readFile(file, 'utf8')) !== before) throw new Error('the file was written on a full disk');
    await disk.free(world.sluice.pid);
    await savesMore(world, 'saved');
    const loaded = await loadState(file, HOUR_MS);
    if (!loaded.ok || loaded.memories.length === 0) throw new Error('the file does not have the circuits in it');
  },
};

async function savesMore({ sluice }: World, result: 'saved' | 'failed'): Promise<void> {
  const count = async () => (await sluice.metrics()).metric(SAVES, { result });
  const before = await count();
  await eventually(async () => {
    if ((await count()) === before) throw new Error(`none ${result} since`);
  }, SAVED_WITHIN_MS);
}

export const socketRemoved: Fault = {
  name: 'its socket removed',
  told: ofSluice(DISTURBANCES, { reason: 'socket_removed' }),
  async inject(world, traffic) {
    await unlink(world.socket);
    await eventually(() => {
      if (!existsSync(world.socket)) throw new Error('there is no socket');
    });
    await traffic.more(300);
  },
};

export const clockSetBack: Fault = {
  name: 'the clock set back by an hour',
  told: ofSluice(DISTURBANCES, { reason: 'clock_set' }),
  async inject(world, traffic, { requests }) {
    await world.command('clock', -HOUR_MS);
    await traffic.more(requests);
    // As before, or all that is told by Envoy's clock would seem to come from an hour ahead.
    await world.command('clock', HOUR_MS);
  },
};
