// One turn of one arm: filled by wrk, then at each fixed rate, with what that cost the processes. A turn in which Sluice was
// not asked, or Envoy went on without it, is no measurement of Sluice: that is an error, not a figure.

import { runPaced } from '../support/paced.js';
import { cpuSeconds, residentMiB } from '../support/process-cost.js';
import { runWrk } from '../support/wrk.js';
import type { RunningArm } from './running.js';

export const CONNECTIONS = 32;

export interface Effort {
  /** Seconds of each measurement. */
  readonly seconds: number;
  /** Requests per second, each measured by itself. */
  readonly rates: readonly number[];
}

export interface Turn {
  readonly saturated: Saturated;
  readonly paced: readonly Paced[];
}

export interface Saturated {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpu: CpuPerRequest;
  readonly memory: Memory;
}

export interface Paced {
  readonly rate: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpu: CpuPerRequest;
}

/** Microseconds of processor time; `server` is null where Envoy asks nobody. */
export interface CpuPerRequest {
  readonly envoyUs: number;
  readonly serverUs: number | null;
}

export interface Memory {
  readonly envoyMiB: number;
  readonly serverMiB: number | null;
}

/** Most decisions that may be lost in a turn before it counts as failed: a hiccup of the machine, not more. */
const MAX_LOST_SHARE = 0.001;

/** @throws Error that names the arm and holds what its Envoy and its Sluice said. */
export async function measure(running: RunningArm, effort: Effort): Promise<Turn> {
  const { arm, envoy, server } = running;
  return measureAll(running, effort).catch((cause: unknown) => {
    throw new Error(`${arm.name}: no measurement. ${envoy.log()}${server?.stderr() ?? ''}`, { cause });
  });
}

async function measureAll(running: RunningArm, { seconds, rates }: Effort): Promise<Turn> {
  const saturated = await guarded(running, () => saturate(running, seconds));
  const paced: Paced[] = [];
  for (const rate of rates) paced.push(await guarded(running, () => pace(running, rate, seconds)));
  return { saturated, paced };
}

/** It takes a compiler at run time, which Sluice alone has, so many to have seen which code is hot. */
const WARM_AFTER = 80_000;
const WARM_UP_PIECE_SECONDS = 3;
const LONGEST_WARM_UP_SECONDS = 24;

/** Code that is not compiled yet and connections that are new are no part of a measurement. */
export async function warmUp({ arm, envoy }: RunningArm): Promise<void> {
  const enough = arm.transport === null ? 0 : WARM_AFTER;
  let [requests, seconds] = [0, 0];
  do {
    requests += (await runWrk(urlOf(envoy.port), WARM_UP_PIECE_SECONDS, CONNECTIONS)).requests;
    seconds += WARM_UP_PIECE_SECONDS;
  } while (requests < enough && seconds < LONGEST_WARM_UP_SECONDS);
}

interface Measured {
  readonly requests: number;
  readonly failed: number;
}

async function guarded<T extends Measured>(running: RunningArm, run: () => Promise<T>): Promise<T> {
  const [lostBefore, seenBefore] = [await running.lostDecisions(), await running.seenByServer()];
  const result = await run();
  const lost = (await running.lostDecisions()) - lostBefore;
  const allowed = result.requests * MAX_LOST_SHARE;
  const wrong = (what: string) => new Error(`${what} of ${result.requests} requests`);
  if (result.failed > allowed) throw wrong(`${result.failed} failed`);
  if (lost > allowed) throw wrong(`Envoy went on without Sluice for ${lost}`);
  const seen = (await running.seenByServer()) - seenBefore;
  // The trace comes in batches: a few of the last entries may be missing still.
  if (running.server !== null && seen < 0.98 * result.requests) throw wrong(`its server saw ${seen}`);
  return result;
}

async function saturate(running: RunningArm, seconds: number): Promise<Saturated & Measured> {
  const { result, cpu } = await costOf(running, () => runWrk(urlOf(running.envoy.port), seconds, CONNECTIONS));
  return { ...result, cpu, memory: memoryOf(running) };
}

async function pace(running: RunningArm, rate: number, seconds: number): Promise<Paced & Measured> {
  const options = { port: running.envoy.port, path: '/x', rate, seconds, connections: CONNECTIONS };
  const { result, cpu } = await costOf(running, () => runPaced(options));
  return { ...result, rate, cpu };
}

/** What `run` costs the processes for each of its requests. */
export async function costOf<T extends Measured>(
  { envoy, server }: Pick<RunningArm, 'envoy' | 'server'>,
  run: () => Promise<T>,
): Promise<{ result: T; cpu: CpuPerRequest }> {
  const now = () => [cpuSeconds(envoy.pid), server === null ? 0 : cpuSeconds(server.pid)] as const;
  const before = now();
  const result = await run();
  const after = now();
  const each = (seconds: number) => (1e6 * seconds) / result.requests;
  const serverUs = server === null ? null : each(after[1] - before[1]);
  return { result, cpu: { envoyUs: each(after[0] - before[0]), serverUs } };
}

function memoryOf({ envoy, server }: RunningArm): Memory {
  return { envoyMiB: residentMiB(envoy.pid), serverMiB: server === null ? null : residentMiB(server.pid) };
}

export function urlOf(port: number): string {
  return `http://127.0.0.1:${port}/x`;
}
