// Runs every scenario row against the core and its handlers, with the router's part played by a model.

import { describe, expect, it } from 'vitest';
import { CoreWorld } from '../support/core-world.js';
import { RouterModel, type Served } from '../support/router-model.js';
import { familyI } from './family-i.js';
import { familyN } from './family-n.js';
import { familyR } from './family-r.js';
import type { Expectation, Scenario } from './scenario.js';

describe.each([
  ['R', familyR],
  ['N', familyN],
  ['I', familyI],
] as const)('family %s', (_name, rows) => {
  it.each(rows.map((row) => [row.id, row.title, row] as const))('%s: %s', (_id, _title, row) => {
    const world = new CoreWorld(row.policy);
    const served = serve(world, row);
    checkServed(served, row.expect);
    checkRecord(world, row.expect, served);
    for (const [cluster, [requests, failures]] of Object.entries(row.expect.windows ?? {})) {
      expect(world.circuit(cluster)).toMatchObject({ requests, failures });
    }
    if (row.expect.counters !== undefined) expect(retriesCounted(world)).toEqual(row.expect.counters);
    expect(world.engine.openSessions).toBe(0);
    expect(world.waiting).toBe(0);
  });
});

function serve(world: CoreWorld, row: Scenario): Served {
  const made = new Map<string, number>();
  const judged = new Set(Object.keys(row.meets).filter((name) => world.policy.forCluster(name).retry.judge));
  const served = new RouterModel(world, { judged }).serve(row.request, (cluster) => {
    const before = made.get(cluster) ?? 0;
    made.set(cluster, before + 1);
    const list = row.meets[cluster] ?? [];
    const met = list[Math.min(before, list.length - 1)];
    if (met === undefined) throw new Error(`nothing is said of what cluster ${cluster} does`);
    return met;
  });
  // Evidence that Envoy does not give (no host was picked) is waited for, and then no longer.
  world.advance(10_000);
  world.engine.sweep(world.now);
  return served;
}

function checkServed(served: Served, expected: Expectation): void {
  expect(served.attempts).toEqual(expected.attempts);
  expect(served.status).toBe(expected.status);
  if (expected.from !== undefined) expect(served.from).toBe(expected.from);
  if (expected.waits !== undefined) expect(served.waits).toEqual(expected.waits);
  expect(Object.keys(served.headers).filter((name) => name.startsWith('x-sluice') && served.from !== 'sluice')).toEqual(
    [],
  );
}

function checkRecord(world: CoreWorld, expected: Expectation, served: Served): void {
  expect(world.finished).toHaveLength(1);
  const [record] = world.finished;
  expect(record?.id).toBe(served.id);
  expect(record?.attempts.map((attempt) => attempt.cluster)).toEqual(expected.attempts);
  expect(record?.attempts.every((attempt) => attempt.settled)).toBe(true);
  if (expected.stages !== undefined) expect(record?.attempts.map((attempt) => attempt.stage)).toEqual(expected.stages);
  if (expected.record !== undefined) expect(record?.attempts).toMatchObject(expected.record);
  if (expected.result !== undefined) expect(record?.result).toBe(expected.result);
  if (expected.notRetried !== undefined) expect(record?.notRetried).toBe(expected.notRetried);
}

function retriesCounted(world: CoreWorld): Record<string, number> {
  const prefix = 'retry ';
  const counted = [...world.counts].filter(([labels]) => labels.startsWith(prefix));
  return Object.fromEntries(counted.map(([labels, count]) => [labels.slice(prefix.length), count]));
}
