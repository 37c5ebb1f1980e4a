// The figures as tables for people, as a plot, and what a reader has to know to make anything of them.

import { renderSvg } from '../support/svg.mjs';
import { CONNECTIONS, type Effort } from './measure.js';
import type { ArmSummary } from './summary.js';

export interface Conditions {
  readonly effort: Effort;
  readonly turns: number;
  /** Processor, cores, versions. */
  readonly machine: string;
}

export function report(arms: readonly ArmSummary[], conditions: Conditions): string {
  return [
    '## Filled',
    '',
    ...saturatedTable(arms),
    '',
    ...conditions.effort.rates.flatMap((rate) => [
      `## At ${rate} requests a second`,
      '',
      ...pacedTable(arms, rate),
      '',
    ]),
    ...explanation(conditions),
    '',
  ].join('\n');
}

function saturatedTable(arms: readonly ArmSummary[]): string[] {
  return table(
    ['', 'requests/s', 'of Envoy alone', 'p50', 'p99', 'p99, of Envoy alone', ...COSTS, 'Envoy RSS', 'server RSS'],
    arms.map((arm) => [
      arm.name,
      String(Math.round(arm.requestsPerSecond)),
      ratio(arm.throughputRatio),
      ms(arm.p50Ms),
      ms(arm.p99Ms),
      ratio(arm.p99Ratio),
      us(arm.envoyUs),
      us(arm.serverUs),
      mib(arm.envoyMiB),
      mib(arm.serverMiB),
    ]),
  );
}

const COSTS = ['Envoy CPU/request', 'server CPU/request'];

function pacedTable(arms: readonly ArmSummary[], wanted: number): string[] {
  return table(
    ['', 'p50', 'p99', ...COSTS],
    arms.flatMap(({ name, paced }) =>
      paced
        .filter(({ rate }) => rate === wanted)
        .map(({ p50Ms, p99Ms, envoyUs, serverUs }) => [name, ms(p50Ms), ms(p99Ms), us(envoyUs), us(serverUs)]),
    ),
  );
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)];
}

const ms = (value: number) => `${value.toFixed(2)} ms`;
const us = (value: number | null) => (value === null ? '' : `${value.toFixed(1)} us`);
const mib = (value: number | null) => (value === null ? '' : `${Math.round(value)} MiB`);
const ratio = (value: number | null) => (value === null ? '' : value.toFixed(2));

function explanation({ effort, turns, machine }: Conditions): string[] {
  return [
    'Envoy with one worker thread, bootstrapped with `envoy.yaml` less the parts that an arm does not name; small GETs, no retries,',
    `the policy's defaults. Medians of ${turns} interleaved turns of ${effort.seconds} s each; the other arms are stopped meanwhile.`,
    `Filled: \`wrk\` (Debian) with one thread and ${CONNECTIONS} connections. At a fixed rate: our own generator (test/bench/support/paced.ts), an open loop`,
    'whose latencies count from when a request was due; it spins on a processor of its own. Processor time is that of',
    '/proc/PID/stat, kernel included. The upstream answers constant bytes from plain sockets (about 11 us of processor time a',
    'request, where an Envoy with a direct response takes 34); where there is none, Envoy answers itself. Generator, upstream,',
    `Envoy and its server share the machine: ${machine}. The servers in Go (grpc-go) and Rust (tonic, one thread)`,
    'set two headers and look at nothing. Sluice runs as in the image, with `--max-semi-space-size=4`. It has had tens of thousands of',
    'requests before; each turn follows a pause of minutes.',
  ];
}

const SIZE = { width: 960, height: 520 };

/** Throughput of each arm, and the processor time behind it. */
export function plot(arms: readonly ArmSummary[]): string {
  const shown = [...arms].reverse();
  const category = { type: 'category', data: shown.map(({ name }) => name) };
  const bars = (name: string, grid: number, values: readonly (number | null)[], stack?: string) => ({
    type: 'bar',
    name,
    xAxisIndex: grid,
    yAxisIndex: grid,
    ...(stack === undefined ? {} : { stack }),
    data: values.map((value) => (value === null ? 0 : Number(value.toFixed(1)))),
  });
  return renderSvg(
    {
      backgroundColor: '#ffffff',
      title: [
        { text: 'Requests per second, filled', left: 260, top: 8 },
        { text: 'Processor time per request, us', left: 620, top: 8 },
      ],
      legend: { bottom: 8, data: ['Envoy', 'server'] },
      grid: [
        { left: 260, width: 320, top: 48, bottom: 60 },
        { left: 620, width: 310, top: 48, bottom: 60 },
      ],
      xAxis: [
        { type: 'value', gridIndex: 0, splitNumber: 4 },
        { type: 'value', gridIndex: 1, splitNumber: 4 },
      ],
      yAxis: [
        { ...category, gridIndex: 0 },
        { ...category, gridIndex: 1, axisLabel: { show: false } },
      ],
      series: [
        {
          ...bars(
            'Requests',
            0,
            shown.map((arm) => Math.round(arm.requestsPerSecond)),
          ),
          label: { show: true, position: 'right' },
        },
        bars(
          'Envoy',
          1,
          shown.map((arm) => arm.envoyUs),
          'cpu',
        ),
        bars(
          'server',
          1,
          shown.map((arm) => arm.serverUs),
          'cpu',
        ),
      ],
    },
    SIZE,
  );
}
