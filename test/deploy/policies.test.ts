// The policies that users start from: each loads without a word, an editor finds nothing in it, and the values that its
// kind of system asked for are the ones in force.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { delayMs } from '../../src/core/retry/backoff.js';
import { policyJsonSchema } from '../../src/policy/json-schema.js';
import { parsePolicy } from '../../src/policy/load.js';
import { formatProblem } from '../../src/policy/problems.js';
import type { Policy } from '../../src/policy/resolve.js';
import { shippedPolicies, shippedText } from '../support/policies.js';

const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(policyJsonSchema());
const README = readFileSync(join(import.meta.dirname, '../../deploy/policies/README.md'), 'utf8');
const names = shippedPolicies();

function load(name: string) {
  const result = parsePolicy(shippedText(name), `${name}.yaml`);
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'));
  return result;
}

function inForce(name: string, cluster = 'any'): ReturnType<Policy['forCluster']> {
  return load(name).policy.forCluster(cluster);
}

/** The waits before the first three retries, at their longest. */
function schedule(name: string, status: number | null): number[] {
  const { backoff } = inForce(name).retry;
  return [0, 1, 2].map((n) => delayMs(backoff, n, status, () => 1 - Number.EPSILON));
}

describe('deploy/policies', () => {
  it('has one file for each kind of system', () => {
    expect(names).toEqual(['inference-pool', 'model-gateway', 'safe-proxy', 'tool-gateway']);
  });

  it.each(names)('%s loads without a warning', (name) => {
    expect(load(name).warnings).toEqual([]);
  });

  it.each(names)('%s is what its schema allows, and names that schema in its first line', (name) => {
    const text = shippedText(name);
    expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true);
    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=./policy.schema.json');
  });

  it.each(names)('%s has no wait that Envoy would cut short', (name) => {
    // `max_message_timeout` of gate and judge in envoy.yaml; the hold itself asks for a quarter of a second more.
    const longestMs = 10_000 - 250;
    const { backoff, honour } = inForce(name).retry;
    const waits = [backoff.maxMs, honour.maxMs, ...[...backoff.byStatus.values()].map((one) => one.maxMs)];
    expect(Math.max(...waits)).toBeLessThanOrEqual(longestMs);
  });

  it.each(names)('%s explains itself in comments', (name) => {
    const lines = shippedText(name).split('\n');
    const comments = lines.filter((line) => line.trimStart().startsWith('#'));
    expect(comments.length).toBeGreaterThan(lines.length / 4);
  });

  it.each(names)('%s has a table in the README', (name) => {
    const [, after = ''] = README.split(`\n## ${name}: `);
    const [section = ''] = after.split('\n## ');
    expect(section).toContain(`\`${name}.yaml\``);
    expect(section.split('\n').filter((line) => line.startsWith('| ')).length).toBeGreaterThan(10);
  });

  it('names no field in its README that the policy does not have', () => {
    const known = new Set(fieldsOf(policyJsonSchema(), ''));
    const named = [...README.matchAll(/`((?:circuit|retry|ceilings)\.[A-Za-z.]+)`/g)].map((match) => match[1] ?? '');
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter((field) => !known.has(field))).toEqual([]);
  });
});

/** Dotted names of all fields and groups, without the section they are in. */
function fieldsOf(schema: unknown, prefix: string): string[] {
  const { properties = {} } = Object(schema);
  return Object.entries(properties).flatMap(([name, inner]) => {
    const own = prefix === 'defaults.' || prefix === '' ? name : `${prefix}${name}`;
    return [own, ...fieldsOf(inner, prefix === '' && name === 'defaults' ? 'defaults.' : `${own}.`)];
  });
}

describe('safe-proxy, in force', () => {
  it('retries only what was not written, for every method', () => {
    const { retry } = inForce('safe-proxy');
    expect(retry.on).toEqual(['connect-failure', 'refused-stream', 'reset-before-request']);
    expect(retry.statuses).toEqual(new Set());
    expect(retry).toMatchObject({ mode: 'enforce', nonIdempotent: false, maxRetries: 2, judge: false });
  });
});

describe('inference-pool, in force', () => {
  it('makes four attempts and waits 500, 1000, 2000 ms', () => {
    expect(inForce('inference-pool').retry.maxRetries).toBe(3);
    expect(schedule('inference-pool', 503)).toEqual([500, 1000, 2000]);
    expect(schedule('inference-pool', null)).toEqual([500, 1000, 2000]);
    expect(inForce('inference-pool').retry.backoff.jitter).toBe('none');
  });

  it('waits 1, 2, 4 s after a 429, at most 8 s', () => {
    expect(schedule('inference-pool', 429)).toEqual([1000, 2000, 4000]);
    expect(inForce('inference-pool').retry.backoff.byStatus.get(429)).toEqual({ baseMs: 1000, maxMs: 8000 });
  });

  it('has opted 408, 429, 502 and 503 in, and no other', () => {
    expect(inForce('inference-pool').retry.statuses).toEqual(new Set([408, 429, 502, 503]));
  });

  it('falls back from each provider to the other', () => {
    expect(inForce('inference-pool', 'provider-a').fallback).toEqual(['provider-b']);
    expect(inForce('inference-pool', 'provider-b').fallback).toEqual(['provider-a']);
  });
});

describe('tool-gateway, in force', () => {
  it('has the fields that the family states', () => {
    const { retry } = inForce('tool-gateway');
    expect(retry.maxRetries).toBe(2);
    expect(retry.backoff).toMatchObject({ baseMs: 200, maxMs: 5000, jitter: 'full' });
    expect(retry.statuses).toEqual(new Set([429, 500, 502, 503, 504]));
    expect(load('tool-gateway').policy.toJSON()).toMatchObject({ ceilings: { maxRetries: 3 } });
  });

  it('gives 429 the same schedule as the others', () => {
    expect(schedule('tool-gateway', 429)).toEqual([200, 400, 800]);
    expect(schedule('tool-gateway', 503)).toEqual([200, 400, 800]);
  });

  it('overrides single targets', () => {
    expect(inForce('tool-gateway', 'search').retry).toMatchObject({ maxRetries: 1, nonIdempotent: true });
    expect(inForce('tool-gateway', 'payments').retry).toMatchObject({ maxRetries: 0, nonIdempotent: false });
  });
});

describe('model-gateway, in force', () => {
  it('has the fields that the family states', () => {
    const { circuit } = inForce('model-gateway');
    expect(circuit).toMatchObject({ mode: 'enforce', failureRatio: 0.95, consecutiveFailures: 0 });
    expect(circuit.window).toEqual({ requests: 100, durationMs: 60_000 });
    expect(circuit.failureStatuses).toEqual(new Set([429, 500, 504]));
    expect(circuit.minimumRequests).toBeGreaterThan(1);
  });

  it('repeats no answer of an overloaded model', () => {
    expect(inForce('model-gateway').retry.statuses).toEqual(new Set());
  });
});
