// `npm run bench -- --long`: does memory stay flat? Five million requests, or as many as asked for, through admission, trace and
// gate, with the resident memory of Sluice now and then. Not part of the ten minutes.

import { residentMiB } from '../support/process-cost.js';
import { runWrk } from '../support/wrk.js';
import { armsNamed } from './arms.js';
import { CONNECTIONS } from './measure.js';
import { startArm } from './running.js';

const PIECE_SECONDS = 10;

/** Gives the table, a row for each tenth of the way. */
export async function runLong(requests: number, upstreamPort: number): Promise<string> {
  const [arm] = armsNamed(['gate']);
  if (arm === undefined) throw new Error('there is no arm with everything in it');
  const running = await startArm(arm, upstreamPort);
  const rows: string[] = [];
  try {
    let done = 0;
    while (done < requests) {
      const piece = await runWrk(`http://127.0.0.1:${running.envoy.port}/x`, PIECE_SECONDS, CONNECTIONS);
      if (piece.failed > 0) throw new Error(`${piece.failed} requests failed after ${done}`);
      done += piece.requests;
      const memory = residentMiB(running.sluice?.pid ?? process.pid);
      console.error(`${done} requests: ${memory.toFixed(1)} MiB`);
      if (done >= (requests / 10) * (rows.length + 1)) rows.push(`| ${done} | ${memory.toFixed(1)} MiB |`);
    }
  } finally {
    await running.stop();
  }
  return ['| requests | RSS of Sluice |', '| ---: | ---: |', ...rows].join('\n');
}
