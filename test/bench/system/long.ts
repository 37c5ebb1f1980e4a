// `npm run bench -- --long`: does memory stay flat, and what does Sluice cost by itself? Five million requests, or as many as asked
// for, through admission and both logs, sent as Envoy sends them; and a quarter of them, without the logs, to a Sluice and to the
// servers that decide nothing. They take turns: what the machine does meanwhile it does to all of them.

import { eventually } from '../../support/eventually.js';
import { startSluice } from '../../support/sluice.js';
import { type PeerName, startPeer, titleOf } from '../peers/peer.js';
import { cpuSeconds, residentMiB } from '../support/process-cost.js';
import { median, medianRatio } from '../support/statistics.js';
import { Flood } from './flood.js';
import { IMAGE_ENV, type Server } from './running.js';

const TURNS = 20;
/** Code is not compiled yet, and no part of what a request costs. */
const WARM_UP = 300_000;
/** Of the requests, those that a server gets that is there for comparing only. */
const COMPARED = 1 / 4;

/** One turn of a server. */
interface Turn {
  /** So far. */
  readonly requests: number;
  readonly cpuUs: number;
  readonly residentMiB: number;
}

interface Asked {
  readonly name: string;
  readonly server: Server;
  readonly flood: Flood;
  readonly requestsPerTurn: number;
  readonly turns: Turn[];
  stop(): Promise<unknown>;
}

/** Gives the tables. `peers`: these servers as well. */
export async function runLong(requests: number, peers: readonly PeerName[]): Promise<string> {
  const asked: Asked[] = [];
  try {
    asked.push(await sluice('Sluice, admission and both logs', true, requests));
    asked.push(await sluice('Sluice, admission alone', false, requests * COMPARED));
    for (const name of peers) asked.push(await peer(name, requests * COMPARED));
    for (const each of asked) await each.flood.more(WARM_UP);
    for (let turn = 0; turn < TURNS; turn += 1) {
      for (const each of turn % 2 === 0 ? asked : asked.toReversed()) await takeTurn(each);
    }
  } finally {
    for (const { flood, stop } of asked) {
      flood.stop();
      await stop();
    }
  }
  return [comparison(asked), ...asked.slice(0, 1).map(course)].join('\n\n');
}

async function sluice(name: string, logs: boolean, requests: number): Promise<Asked> {
  const server = await startSluice({ policy: {}, args: ['--transport', 'direct'], env: IMAGE_ENV });
  return asking(name, server, await Flood.to(server.grpc, logs), requests, () => server.stop());
}

async function peer(name: PeerName, requests: number): Promise<Asked> {
  const { child, port } = await startPeer(name);
  const flood = await eventually(() => Flood.to(`127.0.0.1:${port}`, false));
  return asking(titleOf(name), child, flood, requests, () => child.stop());
}

function asking(name: string, server: Server, flood: Flood, requests: number, stop: Asked['stop']): Asked {
  return { name, server, flood, requestsPerTurn: Math.ceil(requests / TURNS), turns: [], stop };
}

async function takeTurn({ name, server: { pid }, flood, requestsPerTurn, turns }: Asked): Promise<void> {
  const before = cpuSeconds(pid);
  await flood.more(requestsPerTurn);
  const cpuUs = (1e6 * (cpuSeconds(pid) - before)) / requestsPerTurn;
  const turn = { requests: (turns.length + 1) * requestsPerTurn, cpuUs, residentMiB: residentMiB(pid) };
  turns.push(turn);
  console.error(`${name}: ${line(turn)}`);
}

function comparison(asked: readonly Asked[]): string {
  const costsOf = (each: Asked | undefined) => each?.turns.map(({ cpuUs }) => cpuUs) ?? [];
  const base = costsOf(asked[1]);
  const rows = asked.map((each) => {
    const costs = costsOf(each);
    const most = Math.max(...each.turns.map(({ residentMiB: resident }) => resident));
    return `| ${each.name} | ${median(costs).toFixed(1)} us | ${medianRatio(costs, base).toFixed(2)} | ${most.toFixed(0)} MiB |`;
  });
  const head =
    '| server | CPU per request | against Sluice, admission alone | RSS at most |\n| --- | ---: | ---: | ---: |';
  return `${TURNS} turns, medians:\n\n${head}\n${rows.join('\n')}`;
}

function course({ name, turns }: Asked): string {
  return [`${name}:`, '', '| requests | CPU per request | RSS |', '| ---: | ---: | ---: |', ...turns.map(line)].join(
    '\n',
  );
}

function line({ requests, cpuUs, residentMiB: resident }: Turn): string {
  return `| ${requests} | ${cpuUs.toFixed(2)} us | ${resident.toFixed(1)} MiB |`;
}
