// Saturates a server with wrk, which costs the machine an eighth of what a generator in Node does: so many
// connections, each with one request at a time. Its latencies are those of a server that is always full; a
// fixed rate is another generator's business (paced.ts).

import { startChild } from '../../support/child.js';

export interface WrkResult {
  readonly requestsPerSecond: number;
  readonly requests: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers that are neither 2xx nor 3xx, and connections that failed. */
  readonly failed: number;
}

/** `headers` as `name: value`, on top of its own. @throws Error where wrk is missing or fails. */
export async function runWrk(
  url: string,
  seconds: number,
  connections: number,
  headers: readonly string[] = [],
): Promise<WrkResult> {
  const load = ['--threads', '1', '--connections', String(connections), '--duration', `${seconds}s`];
  const args = [...load, ...headers.flatMap((header) => ['--header', header]), '--latency', url];
  const child = await startChild('wrk', args).catch((cause: unknown) => {
    throw new Error('the load generator wrk is missing: apt-get install -y wrk', { cause });
  });
  const code = await child.exited();
  if (code !== 0) throw new Error(`wrk ended with ${code}: ${child.stdout()}${child.stderr()}`);
  return parseWrk(child.stdout());
}

/** @throws Error where a figure is missing. */
export function parseWrk(text: string): WrkResult {
  const figure = (name: string, pattern: RegExp) => {
    const found = pattern.exec(text)?.[1];
    if (found === undefined) throw new Error(`wrk said nothing of ${name}: ${text}`);
    return found;
  };
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text)?.slice(1) ?? [];
  const badAnswers = /Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? '0';
  return {
    requestsPerSecond: Number(figure('requests per second', /^Requests\/sec:\s+([\d.]+)/m)),
    requests: Number(figure('its requests', /^\s+(\d+) requests in /m)),
    p50Ms: milliseconds(figure('its median', /^\s+50%\s+(\S+)/m)),
    p99Ms: milliseconds(figure('its 99th percentile', /^\s+99%\s+(\S+)/m)),
    failed: [...errors, badAnswers].reduce((sum, count) => sum + Number(count), 0),
  };
}

const MS_PER: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

function milliseconds(text: string): number {
  const [, value, unit = ''] = /^([\d.]+)([a-z]+)$/.exec(text) ?? [];
  const factor = MS_PER[unit];
  if (value === undefined || factor === undefined) throw new Error(`wrk's time ${JSON.stringify(text)} cannot be read`);
  return Number(value) * factor;
}
