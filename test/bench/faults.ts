// `npm run bench:faults`: what Envoy alone, Envoy's own retries and Sluice make of the same faults. Prints a table and
// writes it to test/bench/results, with the figures of every run and a plot. Takes less than four minutes.

import { writeFile } from 'node:fs/promises';
import { ENVOY_VERSION } from '../support/envoy-binary.js';
import { ARMS } from './faults/arms.js';
import { type ArmResult, plot, summarise, table } from './faults/report.js';
import { type RunResult, runArm } from './faults/run.js';
import { describeMachine } from './support/machine.js';

const REPEATS = 3;

// Leaving by `exit` takes Envoy and Sluice along.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const runs: RunResult[][] = ARMS.map(() => []);
for (let repeat = 1; repeat <= REPEATS; repeat += 1) {
  // Interleaved, so that what else the machine does falls on all of them.
  for (const [index, arm] of ARMS.entries()) {
    const result = await runArm(arm);
    runs[index]?.push(result);
    const { success, lostDecisions } = result;
    const busy = lostDecisions > 0 ? `; ${lostDecisions} decisions of Sluice were lost: the machine is too busy` : '';
    console.error(`${repeat}/${REPEATS} ${arm.name}: ${(100 * success).toFixed(2)} %${busy}`);
  }
}

const arms: ArmResult[] = ARMS.map(({ name, meaning }, index) => ({ name, meaning, runs: runs[index] ?? [] }));
const machine = describeMachine(ENVOY_VERSION);
const text = table(arms, machine);
const medians = arms.map((arm) => ({ ...arm, median: summarise(arm.runs) }));
const write = (name: string, content: string) => writeFile(new URL(`results/${name}`, import.meta.url), content);
await write('faults.md', text);
await write('faults.json', `${JSON.stringify({ machine, arms: medians }, rounded, 1)}\n`);
await write('faults.svg', plot(arms));
console.log(text);

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toFixed(4)) : value;
}
