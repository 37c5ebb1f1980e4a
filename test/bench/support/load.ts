// An open-loop load generator: requests go out when they are due, whatever became of those before, and their latency counts
// from when they were due. A client that waits for a slow answer before it asks again would hide just the slowness that
// is to be measured (coordinated omission).

import { Agent, request } from 'node:http';

export interface LoadRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Milliseconds from the start. */
  readonly atMs: number;
}

export interface LoadResult {
  /** 0: no answer. */
  readonly status: number;
  /** From the moment it was due to the end of the answer. */
  readonly latencyMs: number;
}

const TICK_MS = 1;
const TIMEOUT_MS = 5_000;

/** Sends `requests`, ordered by `atMs`, over keep-alive connections; resolves with a result for each, in their order. */
export async function sendAll(port: number, requests: readonly LoadRequest[]): Promise<LoadResult[]> {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 256 });
  const startedAtMs = performance.now();
  const results: Promise<LoadResult>[] = [];
  while (results.length < requests.length) {
    const nowMs = performance.now() - startedAtMs;
    for (let due = requests[results.length]; due !== undefined && due.atMs <= nowMs; due = requests[results.length]) {
      results.push(sendOne(port, agent, due, startedAtMs + due.atMs));
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  const all = await Promise.all(results);
  agent.destroy();
  return all;
}

function sendOne(port: number, agent: Agent, what: LoadRequest, dueAtMs: number): Promise<LoadResult> {
  return new Promise((resolve) => {
    const end = (status: number) => resolve({ status, latencyMs: performance.now() - dueAtMs });
    const { method, path, headers } = what;
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent, timeout: TIMEOUT_MS });
    outgoing.once('response', (message) => {
      message.resume();
      message.once('close', () => end(message.complete ? (message.statusCode ?? 0) : 0));
    });
    outgoing.once('timeout', () => outgoing.destroy());
    outgoing.once('error', () => end(0));
    outgoing.end(what.body);
  });
}
