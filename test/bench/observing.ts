// `npm run bench:observing`: does looking at a sidecar slow its traffic down? A thousand requests a second go through two
// Envoys in turn, each with a Sluice of its own: one that is looked at in every way there is, and one that nobody looks at. Prints
// the latencies of every run and how far runs of the same kind lie apart: a difference below that is none. Less than two minutes.

import { get, type IncomingMessage } from 'node:http';
import { parseArgs } from 'node:util';
import type { Sluice } from '../support/sluice.js';
import { startConstantUpstream } from './support/constant-upstream.js';
import { runPaced } from './support/paced.js';
import { median } from './support/statistics.js';
import { armsNamed } from './system/arms.js';
import { CONNECTIONS, warmUp } from './system/measure.js';
import { type RunningArm, startArm } from './system/running.js';

const RATE = 1_000;
const { values: options } = parseArgs({
  options: { runs: { type: 'string', default: '7' }, seconds: { type: 'string', default: '5' } },
});
/** Of each kind. */
const RUNS = Number(options.runs);
const RUN_SECONDS = Number(options.seconds);
/** One in so many answers is a 503: only what goes wrong is logged, kept and told to those who watch. */
const FAIL_EVERY = 50;
const WATCHERS = 3;
/** A machine with time for this load answers in a millisecond or two; one that takes longer than this has none. */
const BUSY_P50_MS = 20;

interface Kind {
  readonly name: string;
  readonly observed: boolean;
}

const KINDS: readonly Kind[] = [
  { name: 'quiet', observed: false },
  { name: 'observed', observed: true },
];

interface Run {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

// Leaving by `exit` takes Envoys and Sluices along.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const [arm] = armsNamed(['gate']);
if (arm === undefined) throw new Error('there is no arm with everything in it');
const upstream = await startConstantUpstream(FAIL_EVERY);
const sides: { readonly kind: Kind; readonly running: RunningArm; readonly runs: Run[] }[] = [];
for (const kind of KINDS) {
  const running = await startArm(arm, upstream.port, { silent: !kind.observed });
  await warmUp(running);
  await running.pause();
  sides.push({ kind, running, runs: [] });
}
try {
  for (let turn = 1; turn <= RUNS; turn += 1) {
    for (const { kind, running, runs } of sides) {
      const run = await measure(running, kind);
      runs.push(run);
      console.error(`${turn}/${RUNS} ${kind.name}: p50 ${run.p50Ms.toFixed(3)} ms, p99 ${run.p99Ms.toFixed(3)} ms`);
    }
  }
  report();
} finally {
  for (const { running } of sides) await running.stop();
  upstream.stop();
}

async function measure(running: RunningArm, { observed }: Kind): Promise<Run> {
  running.resume();
  const observers = observed && running.sluice !== null ? await observe(running.sluice) : null;
  const { port } = running.envoy;
  const options = { port, path: '/x', rate: RATE, seconds: RUN_SECONDS, connections: CONNECTIONS, anyStatus: true };
  const result = await runPaced(options);
  const told = observers?.stop() ?? null;
  await running.pause();
  if (result.failed > 0) throw new Error(`${result.failed} of ${result.requests} requests got no answer`);
  if (told !== null && (told.events < RUN_SECONDS || told.scrapes < RUN_SECONDS - 1)) {
    throw new Error(`that was not observed: ${told.events} events, ${told.scrapes} scrapes`);
  }
  return result;
}

interface Observers {
  /** What they saw. */
  stop(): { readonly events: number; readonly scrapes: number };
}

/** Pages that follow live, and a Prometheus that takes exemplars, every second. */
async function observe(sluice: Sluice): Promise<Observers> {
  let events = 0;
  let scrapes = 0;
  const pages = await Promise.all(Array.from({ length: WATCHERS }, () => follow(sluice, () => events++)));
  const scrape = async () => {
    const response = await sluice.fetch('/metrics', { headers: { accept: 'application/openmetrics-text' } });
    if ((await response.text()).endsWith('# EOF\n')) scrapes++;
  };
  const timer = setInterval(() => void scrape(), 1_000);
  return {
    stop: () => {
      clearInterval(timer);
      for (const page of pages) page.destroy();
      return { events, scrapes };
    },
  };
}

function follow({ http }: Sluice, onEvent: () => void): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(`http://${http}/events`, (stream) => {
      stream.setEncoding('utf8').on('data', (text: string) => text.includes('event: ') && onEvent());
      // It ends when the run does.
      stream.on('error', () => stream.destroy());
      resolve(stream);
    }).once('error', reject);
  });
}

function report(): void {
  console.log('|  | p50 | p99 | p99 of the runs |\n| --- | ---: | ---: | --- |');
  for (const { kind, runs } of sides) {
    const each = runs.map(({ p99Ms }) => p99Ms.toFixed(2)).join(', ');
    console.log(`| ${kind.name} | ${of(runs, 'p50Ms').toFixed(3)} ms | ${of(runs, 'p99Ms').toFixed(3)} ms | ${each} |`);
  }
  const [quiet, observed] = sides.map(({ runs }) => runs);
  if (quiet === undefined || observed === undefined) throw new Error('a kind of run is missing');
  if (of(quiet, 'p50Ms') > BUSY_P50_MS) throw new Error('the machine is too busy for these figures to say anything');
  for (const figure of ['p50Ms', 'p99Ms'] as const) {
    const difference = of(observed, figure) - of(quiet, figure);
    const noise = spread(quiet, figure);
    const verdict = difference <= noise ? 'less than the noise' : 'MORE than the noise';
    const ratio = (of(observed, figure) / of(quiet, figure)).toFixed(2);
    console.log(
      `\n${figure.slice(0, 3)}: observed is ${ratio} of quiet, ${difference.toFixed(3)} ms apart; quiet runs differ by up to ${noise.toFixed(3)} ms: ${verdict}`,
    );
  }
}

function of(runs: readonly Run[], figure: keyof Run): number {
  return median(runs.map((run) => run[figure]));
}

/** Between the least and the most of runs of the same kind. */
function spread(runs: readonly Run[], figure: keyof Run): number {
  const values = runs.map((run) => run[figure]);
  return Math.max(...values) - Math.min(...values);
}
