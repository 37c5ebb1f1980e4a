// `npm run bench:start`: how long `sluice serve` takes from the start of its process until it is ready.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TRANSPORT_NAMES } from '../../src/server/transport-names.js';
import { MAIN_JS } from '../support/sluice.js';

const RUNS = 11;

const directory = mkdtempSync(join(tmpdir(), 'sluice-start-'));
const policy = join(directory, 'policy.yaml');
writeFileSync(policy, '{}');

async function startMs(transport: string): Promise<number> {
  const addresses = ['--grpc', '127.0.0.1:0', '--http', '127.0.0.1:0'];
  const begun = performance.now();
  const args = [MAIN_JS, 'serve', '--policy', policy, '--transport', transport, ...addresses];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const took = performance.now() - begun;
  child.kill('SIGTERM');
  await once(child, 'exit');
  return took;
}

for (const transport of TRANSPORT_NAMES) {
  const all: number[] = [];
  for (let run = 0; run < RUNS; run++) all.push(await startMs(transport));
  all.sort((a, b) => a - b);
  const ms = (at: number) => `${Math.round(all.at(at) ?? 0)} ms`;
  process.stdout.write(`ready after, over ${transport}: median ${ms(RUNS >> 1)}, least ${ms(0)}, most ${ms(-1)}\n`);
}
rmSync(directory, { recursive: true });
