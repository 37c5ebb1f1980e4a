// Garbage collection is part of p99: how often and for how long it stops Sluice under load, with the heap as Node sets it up
// and with other sizes of the space for young objects.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { residentMiB } from '../support/process-cost.js';
import { quantile } from '../support/statistics.js';
import { runWrk } from '../support/wrk.js';
import { armsNamed } from './arms.js';
import { CONNECTIONS, warmUp } from './measure.js';
import { startArm } from './running.js';

/** '' : Node's own choice. */
export const HEAPS = ['', '--max-semi-space-size=4', '--max-semi-space-size=32'] as const;

export interface Pauses {
  readonly flags: string;
  readonly perMinute: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Of all time, the share that was paused. */
  readonly share: number;
  readonly requestP99Ms: number;
  readonly requestsPerSecond: number;
  readonly residentMiB: number;
}

const PRELOAD = new URL('gc-preload.mjs', import.meta.url).href;

/** Fills the arm with everything in it for `seconds`. @throws Error where nothing was collected: then nothing was measured. */
export async function measurePauses(flags: string, upstreamPort: number, seconds: number): Promise<Pauses> {
  const [arm] = armsNamed(['gate']);
  if (arm === undefined) throw new Error('there is no arm with everything in it');
  const directory = await mkdtemp(join(tmpdir(), 'sluice-gc-'));
  const file = join(directory, 'pauses.json');
  const env = { NODE_OPTIONS: `--import ${PRELOAD} ${flags}`.trim(), SLUICE_BENCH_GC: file };
  const running = await startArm(arm, upstreamPort, { env });
  let load: Awaited<ReturnType<typeof runWrk>>;
  let resident = 0;
  try {
    await warmUp(running);
    running.sluice?.signal('SIGUSR2');
    load = await runWrk(`http://127.0.0.1:${running.envoy.port}/x`, seconds, CONNECTIONS);
    resident = residentMiB(running.sluice?.pid ?? process.pid);
  } finally {
    await running.stop();
  }
  const seen = JSON.parse(await readFile(file, 'utf8')) as { seconds: number; pausesMs: number[] };
  await rm(directory, { recursive: true });
  return {
    ...summarise(seen, flags),
    requestP99Ms: load.p99Ms,
    requestsPerSecond: load.requestsPerSecond,
    residentMiB: resident,
  };
}

export function summarise(
  { seconds, pausesMs }: { readonly seconds: number; readonly pausesMs: readonly number[] },
  flags: string,
): Pick<Pauses, 'flags' | 'perMinute' | 'p99Ms' | 'maxMs' | 'share'> {
  return {
    flags,
    perMinute: (60 * pausesMs.length) / seconds,
    p99Ms: quantile(pausesMs, 0.99),
    maxMs: quantile(pausesMs, 1),
    share: pausesMs.reduce((sum, ms) => sum + ms, 0) / (1000 * seconds),
  };
}

export function pausesTable(all: readonly Pauses[]): string[] {
  return [
    '## Garbage collection',
    '',
    '| heap | pauses per minute | p99 | longest | share of time | requests/s | p99 of requests | RSS |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...all.map((one) => {
      const heap = one.flags === '' ? "Node's default" : `\`${one.flags}\``;
      const times = [one.p99Ms, one.maxMs].map((ms) => `${ms.toFixed(2)} ms`);
      const load = [
        Math.round(one.requestsPerSecond),
        `${one.requestP99Ms.toFixed(2)} ms`,
        `${Math.round(one.residentMiB)} MiB`,
      ];
      const share = `${(100 * one.share).toFixed(2)} %`;
      return `| ${[heap, Math.round(one.perMinute), ...times, share, ...load].join(' | ')} |`;
    }),
    '',
    'Of Sluice with admission, trace and gate on the direct transport, filled by `wrk` as above.',
  ];
}
