// Loaded into Sluice by the fault tests with `node --import`, so that production code needs no hook for them: a signal makes
// it read a command and do what no one outside of a process can do to it.
//
//   block MS    keeps the event loop busy for that long
//   gc          collects garbage, so that what is left of the heap is what is held
//   clock MS    sets the wall clock on by that much, or back; the monotonic clock goes on

import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const { FAULT_COMMAND_FILE: file = '' } = process.env;
const realNow = Date.now;
let offsetMs = 0;

Date.now = () => realNow() + offsetMs;
globalThis.Date = new Proxy(Date, {
  construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [Date.now()] : args, newTarget),
});

const COMMANDS = {
  block: (ms) => {
    const until = performance.now() + ms;
    while (performance.now() < until);
  },
  gc: () => {
    setFlagsFromString('--expose_gc');
    runInNewContext('gc')();
  },
  clock: (ms) => {
    offsetMs += ms;
  },
};

process.on('SIGUSR2', () => {
  const [name, ms] = readFileSync(file, 'utf8').trim().split(' ');
  COMMANDS[name](Number(ms));
});
