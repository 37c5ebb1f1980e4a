// What tests of the state file need: a directory, memories of every kind, and a file with one in it.

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { onTestFinished } from 'vitest';
import type { PhaseMemory, TransitionMemory } from '../../src/core/circuit/memory.js';
import { CIRCUIT_STATES, TRANSITION_REASONS } from '../../src/core/reasons.js';
import type { Remembered } from '../../src/core/recall.js';
import type { Moment } from '../../src/state/moment.js';

export const MOMENT: Moment = { wallMs: 1_800_000_000_000, bootMs: 5_000_000, bootId: 'this-boot' };

/** Gone after the test. */
export function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'sluice-state-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export const OPEN: Remembered = {
  cluster: 'primary',
  target: null,
  circuit: {
    phase: { kind: 'open', openedAtMs: -1000, retryAtMs: 4000 },
    openTime: { level: 1, lastOpenMs: 5000, closedAtMs: -90_000 },
    tally: { results: { atMs: [-2000, -1000], flags: [0, 1] }, consecutiveFailures: 1, askedUntilMs: null },
    transitions: [],
  },
  budget: null,
};

const ms = fc.integer({ min: -1_000_000, max: 0 });
const count = fc.nat(1000);

const anyPhase: fc.Arbitrary<PhaseMemory> = fc.oneof(
  fc.record({ kind: fc.constantFrom('closed' as const, 'disabled' as const) }),
  fc.record({ kind: fc.constant('open' as const), openedAtMs: ms, retryAtMs: fc.nat(600_000) }),
  fc.record({ kind: fc.constantFrom('half_open' as const, 'forced_open' as const), openedAtMs: ms }),
  fc.record({ kind: fc.constant('recovering' as const), sinceMs: ms }),
);

const anyTransition: fc.Arbitrary<TransitionMemory> = fc
  .record({
    from: fc.constantFrom(...CIRCUIT_STATES),
    to: fc.constantFrom(...CIRCUIT_STATES),
    reason: fc.constantFrom(...TRANSITION_REASONS),
    atMs: ms,
    retryAtMs: fc.option(ms),
    requests: fc.integer({ min: 1, max: 500 }),
    consecutiveFailures: count,
  })
  .chain((rest) =>
    fc.record({ failures: fc.nat(rest.requests), slow: fc.nat(rest.requests) }).map(({ failures, slow }) => ({
      ...rest,
      failures,
      failureRatio: failures / rest.requests,
      slowRatio: slow / rest.requests,
    })),
  );

/** Times in whole milliseconds. */
export const anyMemory: fc.Arbitrary<Remembered> = fc.record({
  cluster: fc.string({ unit: 'binary', maxLength: 40 }),
  target: fc.option(fc.string({ maxLength: 10 })),
  circuit: fc.record({
    phase: anyPhase,
    openTime: fc.record({ level: fc.nat(20), lastOpenMs: fc.nat(600_000), closedAtMs: ms }),
    tally: fc.record({
      results: fc
        .array(fc.tuple(ms, fc.nat(3)))
        .map((all) => all.sort(([a], [b]) => a - b))
        .map((all) => ({ atMs: all.map(([at]) => at), flags: all.map(([, flag]) => flag) })),
      consecutiveFailures: count,
      askedUntilMs: fc.option(fc.integer({ min: -1000, max: 100_000 })),
    }),
    transitions: fc.array(anyTransition, { maxLength: 20 }),
  }),
  budget: fc.option(
    fc.array(fc.tuple(ms, count, count), { maxLength: 21 }).map((steps) => ({
      endsMs: steps.map(([end]) => end),
      requests: steps.map(([, requests]) => requests),
      retries: steps.map(([, , retries]) => retries),
    })),
  ),
});

/** A file with these lines, and the checksum that belongs to them. */
export function signed(...lines: readonly string[]): string {
  const text = lines.map((line) => `${line}\n`).join('');
  return `${text}${JSON.stringify({ sha256: createHash('sha256').update(text).digest('hex') })}\n`;
}

export function headerLine(changes: object = {}): string {
  return JSON.stringify({ format: 'sluice state', version: 1, ...MOMENT, ...changes });
}
