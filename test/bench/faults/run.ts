// One run of one arm: hosts, Envoy and what belongs to it are started, the plan is carried out, and what came of it is
// laid side by side: what the clients saw, what the hosts read, what Envoy counted.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Envoy } from '../../support/envoy.js';
import { type LoadRequest, type LoadResult, sendAll } from '../support/load.js';
import { quantile } from '../support/statistics.js';
import type { Arm, HostPorts } from './arms.js';
import type { FromHosts, ToHosts } from './hosts.js';
import { CLUSTERS, ID_HEADER, KINDS, type Kind, type PlannedRequest, plannedRequest, RATE, RUN_MS } from './plan.js';

/** Width of a point of the plot. */
export const BIN_MS = 500;

export interface RunResult {
  /** Share of requests answered 200, over all and by kind. */
  readonly success: number;
  readonly successOf: Readonly<Record<Kind, number>>;
  /** Requests that hosts read to the end more than once. */
  readonly sentTwice: Readonly<Record<Kind, number>>;
  readonly attemptsPerRequest: number;
  /** Of the requests answered 200, from when they were due. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of Sluice, which did not come in time: the machine was too busy for this run to say anything. */
  readonly lostDecisions: number;
  /** Share of successes in each `BIN_MS` of the run. */
  readonly timeline: readonly number[];
}

export async function runArm(arm: Arm): Promise<RunResult> {
  const hosts = await startHosts();
  const running = await arm.start(hosts.ports);
  try {
    await warmUp(running.envoy.port);
    const retriesBefore = await retries(running.envoy);
    hosts.tell({ kind: 'start' });
    const plan = Array.from({ length: (RATE * RUN_MS) / 1_000 }, (_, index) => plannedRequest(index));
    const results = await sendAll(running.envoy.port, plan.map(toLoad));
    const made = (await retries(running.envoy)) - retriesBefore;
    const lostDecisions = await lost(running.envoy);
    return { ...evaluate(plan, results, await hosts.report(), made), lostDecisions };
  } finally {
    await running.stop();
    hosts.stop();
  }
}

/** Code and connections that are used for the first time are no part of the comparison. */
async function warmUp(port: number): Promise<void> {
  const warm = Array.from({ length: 200 }, (_, index) => ({ ...plannedRequest(index), id: 1_000_000 + index }));
  await sendAll(port, warm.map(toLoad));
}

function toLoad({ id, cluster, kind, atMs }: PlannedRequest): LoadRequest {
  const headers = { [ID_HEADER]: String(id), ...(kind === 'keyed_post' ? { 'idempotency-key': String(id) } : {}) };
  const method = kind === 'get' ? 'GET' : 'POST';
  return { method, path: `/${cluster}/${id}`, headers, body: kind === 'get' ? '' : 'x'.repeat(200), atMs };
}

async function retries(envoy: Pick<Envoy, 'counter'>): Promise<number> {
  const counts = await Promise.all(CLUSTERS.map((name) => envoy.counter(`cluster.${name}.upstream_rq_retry`)));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** In every place where Envoy asks Sluice; 0 where it asks nobody. */
async function lost({ stats }: Pick<Envoy, 'stats'>): Promise<number> {
  const counts = [...(await stats(''))].filter(([name]) => name.endsWith('ext_proc.failure_mode_allowed'));
  return counts.reduce((sum, [, count]) => sum + count, 0);
}

interface Hosts {
  readonly ports: HostPorts;
  tell(message: ToHosts): void;
  report(): Promise<Readonly<Record<string, number>>>;
  stop(): void;
}

async function startHosts(): Promise<Hosts> {
  const child = fork(fileURLToPath(new URL('hosts.ts', import.meta.url)), { execArgv: ['--import', 'tsx'] });
  const next = async () => (await once(child, 'message'))[0] as FromHosts;
  const first = await next();
  if (first.kind !== 'ready') throw new Error(`the hosts said ${first.kind} before they were ready`);
  const tell = (message: ToHosts) => child.send(message);
  return {
    ports: first.ports,
    tell,
    report: async () => {
      tell({ kind: 'report' });
      const answer = await next();
      if (answer.kind !== 'report') throw new Error(`the hosts said ${answer.kind} in place of their report`);
      return answer.readTwice;
    },
    stop: () => child.kill(),
  };
}

function evaluate(
  plan: readonly PlannedRequest[],
  results: readonly LoadResult[],
  readTwice: Readonly<Record<string, number>>,
  retriesMade: number,
): Omit<RunResult, 'lostDecisions'> {
  const good = plan.map((_, index) => results[index]?.status === 200);
  const shareOf = (chosen: (request: PlannedRequest) => boolean) => {
    const mine = plan.flatMap((request, index) => (chosen(request) ? [good[index]] : []));
    return mine.filter(Boolean).length / mine.length;
  };
  const latencies = results.filter(({ status }) => status === 200).map(({ latencyMs }) => latencyMs);
  const byKind = (figure: (kind: Kind) => number) =>
    Object.fromEntries(KINDS.map((kind) => [kind, figure(kind)])) as Record<Kind, number>;
  return {
    success: shareOf(() => true),
    successOf: byKind((wanted) => shareOf(({ kind }) => kind === wanted)),
    sentTwice: byKind((wanted) => plan.filter(({ id, kind }) => kind === wanted && readTwice[id] !== undefined).length),
    attemptsPerRequest: 1 + retriesMade / plan.length,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    timeline: Array.from({ length: RUN_MS / BIN_MS }, (_, bin) =>
      shareOf(({ atMs }) => Math.floor(atMs / BIN_MS) === bin),
    ),
  };
}
