// `npm run bench -- --long`: does memory stay flat, and what does Sluice cost by itself? Five million requests, or as many as asked
// for, through admission and both logs, sent as Envoy sends them; and the same requests, without the logs, to the servers that decide nothing.

import { eventually } from '../../support/eventually.js';
import { startSluice } from '../../support/sluice.js';
import { type PeerName, startPeer, titleOf } from '../peers/peer.js';
import { cpuSeconds, residentMiB } from '../support/process-cost.js';
import { Flood } from './flood.js';
import { IMAGE_ENV, type Server } from './running.js';

const ROWS = 10;
/** Code is not compiled yet, and no part of what a request costs. */
const WARM_UP = 300_000;

interface Row {
  readonly requests: number;
  readonly cpuUs: number;
  readonly residentMiB: number;
}

interface Asked {
  readonly name: string;
  readonly server: Server;
  readonly address: string;
  readonly logs: boolean;
  stop(): Promise<unknown>;
}

/** Gives the tables, a row for each tenth of the way. `peers`: these servers as well. */
export async function runLong(requests: number, peers: readonly PeerName[]): Promise<string> {
  const tables = [await through(await sluice(true), requests), await through(await sluice(false), requests / 4)];
  for (const name of peers) tables.push(await through(await peer(name), requests / 4));
  return tables.join('\n\n');
}

async function sluice(logs: boolean): Promise<Asked> {
  const server = await startSluice({ policy: {}, args: ['--transport', 'direct'], env: IMAGE_ENV });
  const name = logs ? 'Sluice, admission and both logs' : 'Sluice, admission alone';
  return { name, server, address: server.grpc, logs, stop: () => server.stop() };
}

async function peer(name: PeerName): Promise<Asked> {
  const { child, port } = await startPeer(name);
  const address = `127.0.0.1:${port}`;
  await eventually(async () => (await Flood.to(address, false)).stop());
  return { name: titleOf(name), server: child, address, logs: false, stop: () => child.stop() };
}

async function through({ name, server, address, logs, stop }: Asked, requests: number): Promise<string> {
  try {
    const flood = await Flood.to(address, logs);
    await flood.more(WARM_UP);
    const rows: Row[] = [];
    for (let row = 1; row <= ROWS; row += 1) {
      const before = cpuSeconds(server.pid);
      await flood.more(requests / ROWS);
      const cpuUs = (1e6 * (cpuSeconds(server.pid) - before)) / (requests / ROWS);
      rows.push({ requests: (row * requests) / ROWS, cpuUs, residentMiB: residentMiB(server.pid) });
      console.error(`${name}: ${line(rows.at(-1))}`);
    }
    flood.stop();
    return [`${name}:`, '', '| requests | CPU/request | RSS |', '| ---: | ---: | ---: |', ...rows.map(line)].join('\n');
  } finally {
    await stop();
  }
}

function line(row: Row | undefined): string {
  if (row === undefined) return '';
  return `| ${row.requests} | ${row.cpuUs.toFixed(2)} us | ${row.residentMiB.toFixed(1)} MiB |`;
}
