// `npm run bench`: what Sluice costs, beside Envoy alone and Envoy with retries of its own. Prints tables; a run with the
// defaults takes less than ten minutes. `--write` puts tables, figures and plot into test/bench/results.
//
//   npm run bench -- --arms envoy,admission --turns 3 --rates 1000 --heaps none
//   npm run bench -- --long [--requests 5000000]

import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { ENVOY_VERSION } from '../support/envoy-binary.js';
import { peersHere } from './peers/peer.js';
import { type ConstantUpstream, startConstantUpstream } from './support/constant-upstream.js';
import { describeMachine, machineLine } from './support/machine.js';
import { ARMS, type Arm, armsNamed } from './system/arms.js';
import { runLong } from './system/long.js';
import { type Effort, measure, type Turn, warmUp } from './system/measure.js';
import { HEAPS, measurePauses, type Pauses, pausesTable } from './system/pauses.js';
import { plot, report } from './system/report.js';
import { type RunningArm, startArm } from './system/running.js';
import { summarise } from './system/summary.js';

const { values: options } = parseArgs({
  options: {
    /** All that this machine can run, unless told. */
    arms: { type: 'string' },
    turns: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    rates: { type: 'string', default: '1000' },
    /** Seconds of load for each heap, or `none`. */
    heaps: { type: 'string', default: '6' },
    long: { type: 'boolean', default: false },
    requests: { type: 'string', default: '5000000' },
    write: { type: 'boolean', default: false },
  },
});

// Leaving by `exit` takes Envoys and Sluices along.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const arms = options.arms === undefined ? await armsHere() : armsNamed(words(options.arms));
const effort: Effort = { seconds: number(options.seconds), rates: words(options.rates).map(number) };
const turns = number(options.turns);
const upstream = await startConstantUpstream();
try {
  if (options.long) console.log(await runLong(number(options.requests), await peersHere(console.error)));
  else await runAll();
} finally {
  upstream.stop();
}

async function armsHere(): Promise<readonly Arm[]> {
  const peers = await peersHere(console.error);
  return ARMS.filter(({ peer }) => peer === undefined || peers.includes(peer));
}

async function runAll(): Promise<void> {
  const running = await startAll(arms, upstream);
  let measured: Turn[][];
  try {
    measured = await takeTurns(running);
  } finally {
    for (const each of running) await each.stop();
  }
  await publish(measured, await allPauses());
}

async function allPauses(): Promise<Pauses[]> {
  if (options.heaps === 'none') return [];
  const all: Pauses[] = [];
  for (const flags of HEAPS) {
    all.push(await measurePauses(flags, upstream.port, number(options.heaps)));
    console.error(`heap ${flags}: measured`);
  }
  return all;
}

async function startAll(wanted: readonly Arm[], { port }: ConstantUpstream): Promise<RunningArm[]> {
  const started: RunningArm[] = [];
  for (const arm of wanted) {
    const one = await startArm(arm, port);
    await warmUp(one);
    await one.pause();
    started.push(one);
    console.error(`${arm.name}: up and warm`);
  }
  return started;
}

/** Interleaved, so that what else the machine does falls on all of them. */
async function takeTurns(all: readonly RunningArm[]): Promise<Turn[][]> {
  const measured: Turn[][] = all.map(() => []);
  for (let turn = 1; turn <= turns; turn += 1) {
    for (const [index, one] of all.entries()) {
      one.resume();
      const result = await measure(one, effort);
      await one.pause();
      measured[index]?.push(result);
      const { requestsPerSecond, p99Ms, cpu } = result.saturated;
      const server = cpu.serverUs === null ? '' : `, server ${cpu.serverUs.toFixed(1)} us`;
      const said = `${Math.round(requestsPerSecond)}/s, p99 ${p99Ms} ms, Envoy ${cpu.envoyUs.toFixed(1)} us${server}`;
      console.error(`${turn}/${turns} ${one.arm.name}: ${said}`);
    }
  }
  return measured;
}

async function publish(measured: readonly Turn[][], pauses: readonly Pauses[]): Promise<void> {
  const all = arms.map((arm, index) => ({ arm, turns: measured[index] ?? [] }));
  const summaries = summarise(all);
  const machine = describeMachine(ENVOY_VERSION);
  const figures = report(summaries, { effort, turns, machine: machineLine(machine) });
  const text = pauses.length === 0 ? figures : [figures, ...pausesTable(pauses), ''].join('\n');
  console.log(text);
  if (!options.write) return;
  const write = (name: string, content: string) => writeFile(new URL(`results/${name}`, import.meta.url), content);
  await write('system.md', text);
  await write('system.json', `${JSON.stringify({ machine, arms: summaries, pauses, turns: measured }, rounded, 1)}\n`);
  await write('system.svg', plot(summaries));
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toFixed(4)) : value;
}

function words(text: string): string[] {
  return text.split(',').filter((word) => word !== '');
}

function number(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new RangeError(`${JSON.stringify(text)} is no number above 0`);
  return value;
}
