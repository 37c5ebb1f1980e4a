// `sluice doctor`: does the wiring between a running Envoy and a running Sluice really work? A configuration that looks
// right can still lose every decision in silence, because Sluice fails open.

import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { CliError } from '../http.js';
import { examine, type Patient } from './examine.js';
import type { Check, Examined, Finding } from './finding.js';
import { connection, envoy, graceful, sluice, wiring } from './process.js';
import { admission, gate, judge, lost, obeyed } from './streams.js';
import { ids, lag, tags, trace } from './trace.js';

export interface DoctorOptions extends Patient {
  /** How long it looks on; 0: only what was counted since both started. */
  readonly seconds: number;
  /** Sent a GET now and then meanwhile: the address of something behind Envoy. */
  readonly send: string | null;
}

/** In the order of their telling: what stands first can be the cause of what follows. */
const CHECKS: readonly Check[] = [
  ...[sluice, envoy, wiring, connection, graceful],
  ...[admission, lost, obeyed, gate, judge],
  ...[trace, tags, ids, lag],
];

const SENDS = 10;
const SEND_TIMEOUT_MS = 10_000;

/** @throws CliError where Envoy, Sluice or what is to be sent a request does not answer. */
export async function doctor({ seconds, send, ...patient }: DoctorOptions): Promise<Finding[]> {
  const examined = await examine(patient, async () => {
    if (send === null) await pause(seconds * 1000);
    else await sendMeanwhile(send, seconds);
  });
  return diagnose(examined);
}

export function diagnose(examined: Examined): Finding[] {
  return CHECKS.map((check) => check(examined));
}

/** Spread over the time, and with an end that leaves the trace time to come. */
async function sendMeanwhile(url: string, seconds: number): Promise<void> {
  for (let sent = 0; sent < SENDS; sent++) {
    await sendOne(url);
    await pause((seconds * 1000) / (SENDS + 1));
  }
  await pause((seconds * 1000) / (SENDS + 1));
}

/** Any answer will do. */
function sendOne(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const refused = (why: string) => reject(new CliError(`--send ${url}: ${why}`));
    try {
      const outgoing = request(url, { timeout: SEND_TIMEOUT_MS, agent: false }, (response) => {
        response.resume().once('close', resolve);
      });
      outgoing.once('timeout', () => outgoing.destroy(new Error('no answer in time')));
      outgoing.once('error', (error) => refused(error.message));
      outgoing.end();
    } catch (error) {
      refused(error instanceof Error ? error.message : String(error));
    }
  });
}

const MARKS = { ok: 'ok', wrong: 'WRONG', unseen: '?' } as const;
const MARK_WIDTH = 6;

/** A line for each finding, the fix below it, and the sum of it all. */
export function report(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, verdict, what, fix }) => [
    `${MARKS[verdict].padEnd(MARK_WIDTH)}${check.padEnd(width + 1)} ${what}`,
    ...(fix === null ? [] : [`${' '.repeat(MARK_WIDTH + width + 2)}-> ${fix}`]),
  ]);
  const of = (verdict: Finding['verdict']) => findings.filter((finding) => finding.verdict === verdict).length;
  return `${[...lines, `${of('ok')} ok, ${of('wrong')} wrong, ${of('unseen')} not seen`].join('\n')}\n`;
}
