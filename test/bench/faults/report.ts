// Medians over the repeats, as a table for people, as JSON for programs, and as a plot of success over time.

import { type Machine, machineLine } from '../support/machine.js';
import { median } from '../support/statistics.js';
import { renderSvg } from '../support/svg.mjs';
import { AFTER_MS, BEFORE_MS, KINDS, type Kind, OUTAGE_MS, RATE, RUN_MS, STRUCK } from './plan.js';
import { BIN_MS, type RunResult } from './run.js';

export interface ArmResult {
  readonly name: string;
  readonly meaning: string;
  readonly runs: readonly RunResult[];
}

export function summarise(runs: readonly RunResult[]): RunResult {
  const middle = (figure: (run: RunResult) => number) => median(runs.map(figure));
  const byKind = (figure: (run: RunResult, kind: Kind) => number) =>
    Object.fromEntries(KINDS.map((kind) => [kind, middle((run) => figure(run, kind))])) as Record<Kind, number>;
  return {
    success: middle((run) => run.success),
    successOf: byKind((run, kind) => run.successOf[kind]),
    sentTwice: byKind((run, kind) => run.sentTwice[kind]),
    attemptsPerRequest: middle((run) => run.attemptsPerRequest),
    p50Ms: middle((run) => run.p50Ms),
    p99Ms: middle((run) => run.p99Ms),
    lostDecisions: middle((run) => run.lostDecisions),
    timeline: Array.from({ length: RUN_MS / BIN_MS }, (_, bin) => middle((run) => run.timeline[bin] ?? 0)),
  };
}

const HEADER = [
  '|  | success | GET | POST with key | POST | POST sent twice | repeatable sent twice | attempts per request | p50 | p99 |',
  '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
];

export function table(arms: readonly ArmResult[], machine: Machine): string {
  const repeats = arms[0]?.runs.length ?? 0;
  return [
    ...HEADER,
    ...arms.map(({ name, runs }) => row(name, summarise(runs))),
    '',
    ...arms.map(({ name, meaning }) => `- ${name}: ${meaning}`),
    '',
    `${RATE} requests a second (60 % GET, 20 % POST with an idempotency-key, 20 % POST without) for ${RUN_MS / 1_000} s, half to each of two`,
    `clusters; 1 % of connections refused, 1 % of requests reset after they were read, 2 % answered 503; \`${STRUCK}\` is down for`,
    `${OUTAGE_MS / 1_000} s, from ${BEFORE_MS / 1_000} s on, and back for the last ${AFTER_MS / 1_000} s. Sent twice: read to its end by the hosts more than once. Times are`,
    'of successful requests, from when they were due. Medians of',
    `${repeats} interleaved runs of ${(RATE * RUN_MS) / 1_000} requests. ${machineLine(machine)}.`,
    '',
  ].join('\n');
}

function row(name: string, figures: RunResult): string {
  const { success, successOf, sentTwice, attemptsPerRequest, p50Ms, p99Ms } = figures;
  const cells = [
    ...[success, successOf.get, successOf.keyed_post, successOf.post].map((share) => `${(100 * share).toFixed(2)} %`),
    ...[sentTwice.post, sentTwice.get + sentTwice.keyed_post].map(String),
    attemptsPerRequest.toFixed(3),
    ...[p50Ms, p99Ms].map((ms) => `${ms.toFixed(1)} ms`),
  ];
  return `| ${name} | ${cells.join(' | ')} |`;
}

const SIZE = { width: 960, height: 420 };

export function plot(arms: readonly ArmResult[]): string {
  const outage = [{ xAxis: BEFORE_MS / 1_000, name: `${STRUCK} is down` }, { xAxis: (BEFORE_MS + OUTAGE_MS) / 1_000 }];
  return renderSvg(
    {
      backgroundColor: '#ffffff',
      title: { text: 'Successful requests, in each half second', left: 12, top: 8 },
      legend: { top: 36, left: 12 },
      grid: { left: 60, right: 24, top: 76, bottom: 48 },
      xAxis: { type: 'value', name: 'seconds', nameLocation: 'middle', nameGap: 28, max: RUN_MS / 1_000 },
      yAxis: { type: 'value', min: 40, max: 100, axisLabel: { formatter: '{value} %' } },
      series: arms.map(({ name, runs }, index) => ({
        type: 'line',
        name,
        showSymbol: false,
        data: summarise(runs).timeline.map((share, bin) => [((bin + 0.5) * BIN_MS) / 1_000, 100 * share]),
        ...(index === 0 ? { markArea: { silent: true, itemStyle: { color: '#00000010' }, data: [outage] } } : {}),
      })),
    },
    SIZE,
  );
}
