// `npm run soak`: faults of every kind, one after the other, for as long as it is told. Prints a line for each, and at the
// end whether anything failed, leaked, drifted or grew. Exit status: 0 nothing did, 1 something did, 2 wrong usage.

import { writeFile } from 'node:fs/promises';
import { CommanderError } from 'commander';
import { envoyRestarted, flapping } from '../faults/support/envoy-faults.js';
import { type Fault, LONG, type Scale, SHORT } from '../faults/support/fault.js';
import { policyDeleted, policyEmptied, policyHalfWritten, policyReplaced } from '../faults/support/policy-faults.js';
import {
  blocked,
  clockSetBack,
  diskFull,
  killed,
  socketRemoved,
  stateDiskFull,
  stopped,
} from '../faults/support/process-faults.js';
import { traceCut, traceDelayed, traceReplayed, traceShuffled } from '../faults/support/trace-faults.js';
import { complaints, underLoad } from '../faults/support/under-load.js';
import { startWorld, type World } from '../faults/support/world.js';
import { calm } from './calm.js';
import { Memory } from './memory.js';
import { readOptions, type SoakOptions } from './options.js';
import { plot, verdicts } from './report.js';

/** They replace the process, and its memory with it: once, before it is measured. */
const REPLACING: readonly Fault[] = [killed, stateDiskFull, diskFull];
const LASTING: readonly Fault[] = [
  ...[stopped, traceCut, policyDeleted, flapping, blocked, traceDelayed, policyEmptied, socketRemoved],
  ...[traceReplayed, policyHalfWritten, envoyRestarted, clockSetBack, traceShuffled, policyReplaced],
];
/** Connections come and go: so many more open files at the end than at the beginning are no leak. */
const FREE_FILES = 32;
const MOST_FAULTS = 5;
/** Below this, each fault gets only as long as in CI, so that all have their turn. */
const SHORT_MINUTES = 10;

class Soak {
  readonly problems: string[] = [];
  readonly memory = new Memory();
  /** Calm stretches in which everything could be compared. */
  compared = 0;
  requests = 0;
  filesBefore = 0;
  readonly #world: World;
  readonly #scale: Scale;
  readonly #startedAtMs = performance.now();

  constructor(world: World, scale: Scale) {
    this.#world = world;
    this.#scale = scale;
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAtMs;
  }

  async fault(fault: Fault): Promise<void> {
    const outcome = await underLoad(this.#world, fault, this.#scale);
    const found = complaints(outcome);
    const { sent, drift, failures, lost } = await calm(this.#world);
    this.requests += outcome.answered + sent;
    if (lost === 0) {
      this.compared += 1;
      if (Object.values(drift).some((count) => count !== 0))
        found.push(`drift after it: ${JSON.stringify({ ...drift, ...failures })}`);
    }
    this.#say(fault.name, `${outcome.answered} requests, ${outcome.rate.toFixed(0)}/s, told ${outcome.told}`, found);
    this.problems.push(...found.map((problem) => `${fault.name}: ${problem}`));
  }

  #say(name: string, text: string, found: readonly string[]): void {
    const at = (this.elapsedMs / 1000).toFixed(0).padStart(5);
    console.log(
      `${at} s  ${name.padEnd(48)} ${text}${found.map((problem) => `\n         PROBLEM: ${problem}`).join('')}`,
    );
  }
}

async function run({ minutes, plot: file }: SoakOptions): Promise<readonly string[]> {
  const world = await startWorld();
  try {
    const soak = new Soak(world, minutes < SHORT_MINUTES ? SHORT : LONG);
    for (const fault of REPLACING) await soak.fault(fault);
    // The last of them left its log on the full disk.
    await world.sluice.stop();
    await world.startSluice();
    soak.filesBefore = await openFiles(world);
    // Each has its turn, however slow the machine.
    for (let turn = 0; turn < LASTING.length || soak.elapsedMs < minutes * 60_000; turn += 1) {
      await soak.fault(LASTING[turn % LASTING.length] ?? stopped);
      await soak.memory.take(world);
    }
    return [...soak.problems, ...(await conclude(soak, world, file))];
  } finally {
    await world[Symbol.asyncDispose]();
  }
}

async function openFiles({ sluice }: World): Promise<number> {
  return (await sluice.metrics()).metric('process_open_fds');
}

function saidOfFaults({ sluice }: World): string {
  const said = sluice.logs().filter(({ event }) => event === 'fault');
  return JSON.stringify(said.slice(0, MOST_FAULTS));
}

/** What is wrong in the end. */
async function conclude(soak: Soak, world: World, file: string | null): Promise<string[]> {
  const { metric } = await world.sluice.metrics();
  const held = ['sluice_sessions', 'sluice_streams'].map((name) => `${name} ${metric(name)}`);
  const faults = metric('sluice_faults_total');
  const files = (await openFiles(world)) - soak.filesBefore;
  const memory = verdicts(soak.memory);
  console.log(
    `\n${soak.requests} requests; counts compared ${soak.compared} times; ${held.join(', ')}; faults ${faults}; ${files} more open files`,
  );
  for (const { text } of memory) console.log(text);
  if (file !== null) await writeFile(file, plot(soak.memory));
  return [
    ...held.filter((text) => !text.endsWith(' 0')).map((text) => `held in the end: ${text}`),
    ...(faults > 0 ? [`${faults} faults inside: ${saidOfFaults(world)}`] : []),
    ...(files > FREE_FILES ? [`${files} more files are open in the end`] : []),
    ...(soak.compared === 0 ? ['the machine was too busy for a single comparison'] : []),
    ...memory.filter(({ ok }) => !ok).map(({ text }) => text),
  ];
}

// Leaving by `exit` takes Envoy and Sluice along.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

try {
  const problems = await run(readOptions(process.argv.slice(2)));
  console.log(problems.length === 0 ? 'nothing failed, leaked, drifted or grew' : problems.join('\n'));
  process.exit(problems.length === 0 ? 0 : 1);
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
  console.error(error);
  process.exit(1);
}
