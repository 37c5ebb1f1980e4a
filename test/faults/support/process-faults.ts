// What happens to the process: it dies, stands still, cannot write its log, loses its socket, and its clock is set.

import { existsSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { eventually, pause } from '../../support/eventually.js';
import { type Fault, ofEnvoy, ofSluice } from './fault.js';

const DISTURBANCES = 'sluice_disturbances_total';
const ADMISSION = 'http.ingress.ext_proc';
const BLOCKED_MS = 1_000;
const HOUR_MS = 3_600_000;

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
  },
};
