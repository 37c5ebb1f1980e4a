// What becomes of the state file, as operators see it.

import { describe, expect, it } from 'vitest';
import { type StateLoad, type StateSave, stateObserver } from '../../src/observe/state.js';
import { aLogger } from './support.js';

function watched() {
  const loads: StateLoad[] = [];
  const saves: StateSave[] = [];
  const { logger, lines, clock } = aLogger();
  const metrics = { stateLoad: (r: StateLoad) => void loads.push(r), stateSave: (r: StateSave) => void saves.push(r) };
  const told = stateObserver({ file: '/state', metrics, logger, now: clock.now });
  return { told, loads, saves, clock, lines: () => lines.all.map(({ event }) => event) };
}

describe('the state file', () => {
  it('that is no good is counted by why, and warned of', () => {
    const { told, loads, lines } = watched();
    told.ignored('damaged', 'its checksum is another');
    told.ignored('too_old', 'it is 2000 s old');
    expect(loads).toEqual(['damaged', 'too_old']);
    expect(lines()).toEqual(['state_ignored', 'state_ignored']);
  });

  it('that is not there yet is counted, and nobody is warned', () => {
    const { told, loads, lines } = watched();
    told.ignored('absent', 'ENOENT');
    expect([loads, lines()]).toEqual([['absent'], []]);
  });

  it('that cannot be written is told of once a minute, and counted each time', () => {
    const { told, saves, clock, lines } = watched();
    for (let i = 0; i < 130; i++) {
      told.saveFailed(new Error('ENOSPC'));
      clock.ms += 1000;
    }
    expect(saves).toHaveLength(130);
    expect(lines()).toEqual(['state_save_failed', 'state_save_failed', 'state_save_failed']);
  });

  it('that fails again after it could be written is told of at once', () => {
    const { told, saves, lines } = watched();
    told.saveFailed(new Error('ENOSPC'));
    told.saved();
    told.saveFailed('EROFS');
    expect(saves).toEqual(['failed', 'saved', 'failed']);
    expect(lines()).toHaveLength(2);
  });
});
