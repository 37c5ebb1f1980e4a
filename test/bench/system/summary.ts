// Medians over the turns of each arm, and what they are against the same work without Sluice.

import { median } from '../support/statistics.js';
import { type Arm, baselineOf } from './arms.js';
import type { Turn } from './measure.js';

export interface ArmTurns {
  readonly arm: Arm;
  readonly turns: readonly Turn[];
}

export interface ArmSummary {
  readonly id: string;
  readonly name: string;
  readonly requestsPerSecond: number;
  /** Of the baseline's, where that was measured: throughput, and p99 when filled. */
  readonly throughputRatio: number | null;
  readonly p99Ratio: number | null;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly envoyUs: number;
  readonly serverUs: number | null;
  readonly envoyMiB: number;
  readonly serverMiB: number | null;
  readonly paced: readonly PacedSummary[];
}

export interface PacedSummary {
  readonly rate: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly envoyUs: number;
  readonly serverUs: number | null;
}

export function summarise(all: readonly ArmTurns[]): ArmSummary[] {
  return all.map((one) => {
    const baseline = all.find(({ arm }) => arm.id === baselineOf(one.arm));
    return summaryOf(one, baseline ?? null);
  });
}

function summaryOf({ arm, turns }: ArmTurns, baseline: ArmTurns | null): ArmSummary {
  const of = (figure: (turn: Turn) => number) => median(turns.map(figure));
  const ratio = (figure: (turn: Turn) => number) =>
    baseline === null ? null : of(figure) / median(baseline.turns.map(figure));
  return {
    id: arm.id,
    name: arm.name,
    requestsPerSecond: of(({ saturated }) => saturated.requestsPerSecond),
    throughputRatio: ratio(({ saturated }) => saturated.requestsPerSecond),
    p99Ratio: ratio(({ saturated }) => saturated.p99Ms),
    p50Ms: of(({ saturated }) => saturated.p50Ms),
    p99Ms: of(({ saturated }) => saturated.p99Ms),
    envoyUs: of(({ saturated }) => saturated.cpu.envoyUs),
    serverUs: orNull(turns.map(({ saturated }) => saturated.cpu.serverUs)),
    envoyMiB: of(({ saturated }) => saturated.memory.envoyMiB),
    serverMiB: orNull(turns.map(({ saturated }) => saturated.memory.serverMiB)),
    paced: (turns[0]?.paced ?? []).map(({ rate }, index) => pacedOf(rate, turns, index)),
  };
}

function pacedOf(rate: number, turns: readonly Turn[], index: number): PacedSummary {
  const mine = turns.flatMap(({ paced }) => paced.slice(index, index + 1));
  return {
    rate,
    p50Ms: median(mine.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(mine.map(({ p99Ms }) => p99Ms)),
    envoyUs: median(mine.map(({ cpu }) => cpu.envoyUs)),
    serverUs: orNull(mine.map(({ cpu }) => cpu.serverUs)),
  };
}

function orNull(values: readonly (number | null)[]): number | null {
  const there = values.filter((value) => value !== null);
  return there.length === 0 ? null : median(there);
}
