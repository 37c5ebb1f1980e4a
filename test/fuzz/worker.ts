// Does the work of `npm run fuzz`, in a process of its own: one that hangs can be told from outside and ended.

import { portOf } from '../support/ports.js';
import { startSluice } from '../support/sluice.js';
import { adminBytes, throwAt } from './support/admin-fuzz.js';
import { policyText, tryPolicy } from './support/policy-fuzz.js';
import { generator } from './support/random.js';
import { WireFuzz } from './support/wire-fuzz.js';

/** How far it is, and what was found so far. */
export interface Progress {
  readonly part: 'messages' | 'policies' | 'requests';
  readonly done: number;
  /** Held after a collection. */
  readonly heapBytes: number;
  readonly findings: readonly string[];
}

const BATCH = 10_000;
/** A policy file takes as long as hundreds of messages, a request as thousands. */
const MESSAGES_PER_POLICY = 1_000;
const MESSAGES_PER_REQUEST = 2_000;
const AT_ONCE = 50;

const [messages = 0, seed = 0] = process.argv.slice(2).map(Number);
const below = generator(seed);

await fuzzMessages();
fuzzPolicies();
await fuzzRequests();
process.disconnect();

async function fuzzMessages(): Promise<void> {
  const fuzz = new WireFuzz(below);
  for (let done = BATCH; done <= messages; done += BATCH) {
    fuzz.run(BATCH);
    tell('messages', done, fuzz.target.findings);
    // Lets the messages to the parent go, and its end come.
    await new Promise((resolve) => setImmediate(resolve));
  }
  tell('messages', messages, await fuzz.end());
}

function fuzzPolicies(): void {
  const count = Math.ceil(messages / MESSAGES_PER_POLICY);
  const findings: string[] = [];
  for (let done = 1; done <= count; done += 1) {
    const wrong = tryPolicy(policyText(below));
    if (wrong !== null) findings.push(wrong);
    if (done % 100 === 0 || done === count) tell('policies', done, findings);
  }
}

async function fuzzRequests(): Promise<void> {
  const sluice = await startSluice({ policy: {}, env: { SLUICE_ADMIN_TOKEN: 'token' } });
  const port = portOf(sluice.http);
  const count = Math.ceil(messages / MESSAGES_PER_REQUEST);
  const findings: string[] = [];
  for (let done = 0; done < count; done += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, () => throwAt(port, adminBytes(below))));
    if ((await sluice.fetch('/healthz')).status !== 200) findings.push(`after ${done} requests it is not healthy`);
    tell('requests', done + AT_ONCE, findings);
  }
  const faults = (await sluice.metrics()).metric('sluice_faults_total');
  if (faults > 0) findings.push(`${faults} faults inside: ${JSON.stringify(sluice.logs().slice(-3))}`);
  tell('requests', count, findings);
  await sluice.stop();
}

function tell(part: Progress['part'], done: number, findings: readonly string[]): void {
  globalThis.gc?.();
  const progress: Progress = { part, done, heapBytes: process.memoryUsage().heapUsed, findings };
  process.send?.(progress);
}
