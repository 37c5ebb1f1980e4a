// What holds for every bootstrap: wiring ends, the check then finds nothing, and wiring once more changes not a byte.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import type { EnvoyOptions } from '../../src/envoy/look/options.js';
import { bootstrapText, FIXTURES, policyFile } from '../envoy/wired/fixtures.js';
import { ENVOY_YAML } from '../support/bootstrap.js';
import { broken, type Case } from './breaks/parts.js';
import { PLACES } from './breaks/places.js';
import { onProcessor } from './breaks/processors.js';
import { faults, policy, wired } from './support.js';

// Each reads a large bootstrap more than once, and the machine may be busy with others.
vi.setConfig({ testTimeout: 60_000 });

const JUDGED = policy('clusters: { primary: { fallback: [secondary] }, provider: { retry: { judge: true } } }');
const MENDABLE = [...PLACES, ...onProcessor('admission'), ...onProcessor('gate'), ...onProcessor('judge')].filter(
  ([code]) =>
    !['trace.filter', 'admission.twice', 'gate.time_left', 'route.hedging', 'policy.unknown_fallback'].includes(code),
);

function deployed(name: string): string {
  return readFileSync(fileURLToPath(new URL(`../../deploy/envoy/${name}.yaml`, import.meta.url)), 'utf8');
}

describe('the bootstraps of this repository', () => {
  it.each<[string, string, string, number]>([
    [
      'envoy.yaml',
      readFileSync(ENVOY_YAML, 'utf8'),
      'clusters: { "[pfg]*": {}, provider: { retry: { judge: true } }, flaky: { retry: { judge: true } }, grpc: { retry: { judge: true } }, primary: { fallback: [secondary] } }',
      40,
    ],
    [
      'cluster-header.yaml',
      deployed('cluster-header'),
      'clusters: { primary: { fallback: [secondary] } }\nroutes: { checkout: { cluster: primary } }',
      36,
    ],
    ['composite.yaml', deployed('composite'), 'clusters: { models: { retry: { statuses: [429], judge: true } } }', 39],
  ])('%s has it all: nothing is found, and wiring gives it back byte for byte', (_name, text, rules, envoyMinor) => {
    const options: Partial<EnvoyOptions> = { policy: policy(rules), envoyMinor };
    expect(faults(text, options)).toEqual([]);
    expect(wired(text, options)).toEqual({ count: 0, changed: [], warnings: [], text });
  });
});

describe.each(['sidecars', 'tcp'])('deploy/kubernetes/components/%s', (name) => {
  const file = (path: string) =>
    readFileSync(fileURLToPath(new URL(`../../deploy/kubernetes/components/${path}`, import.meta.url)), 'utf8');

  it('has it all in the listener that is for Sluice', () => {
    const options = { policy: policy(file('sidecars/policy.yaml')), listeners: ['outbound'] };
    const text = file(`${name}/envoy.yaml`);
    expect(faults(text, options)).toEqual([]);
    expect(wired(text, options)).toMatchObject({ count: 0, text });
  });
});

describe.each(FIXTURES)('$name', (fixture) => {
  const options = {
    policy: policy(readFileSync(policyFile(fixture), 'utf8')),
    envoyMinor: Number(fixture.version.split('.')[1]),
  };
  const text = bootstrapText(fixture);

  it('is wired once, whatever is done a second time', () => {
    const first = wired(text, options);
    expect(faults(first.text, options)).toEqual([]);
    expect(wired(first.text, options)).toMatchObject({ count: 0, changed: [], text: first.text });
  });

  it('keeps every comment and every anchor that is still used', () => {
    if (fixture.extension === 'json') return;
    const made = wired(text, options).text;
    const comments = text.split('\n').flatMap((line) => /(?:^|\s)(#.*)$/.exec(line)?.[1] ?? []);
    for (const comment of comments) expect(made).toContain(comment);
    for (const alias of new Set(text.match(/\*[a-z0-9_]+\b(?!["'])/g) ?? [])) {
      if (made.includes(alias)) expect(made).toContain(`&${alias.slice(1)}`);
    }
  });

  it('is a YAML that says the same to another reader', () => {
    const made = wired(text, options).text;
    expect(() => parse(made)).not.toThrow();
  });
});

describe('several things wrong at once', () => {
  it('are mended together', () => {
    const cases = fc.uniqueArray(fc.integer({ min: 0, max: MENDABLE.length - 1 }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(cases, (indexes) => {
        const bootstrap = broken((b) => {
          for (const index of indexes) tryTo(MENDABLE[index], b);
        });
        const options = { policy: JUDGED };
        const { text } = wired(bootstrap, options);
        expect(faults(text, options)).toEqual([]);
        expect(wired(text, options).text).toBe(text);
      }),
      { numRuns: 25 },
    );
  });
});

/** What one break took away, the next cannot break. */
function tryTo(each: Case | undefined, bootstrap: Parameters<Case[1]>[0]): void {
  try {
    each?.[1](bootstrap);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}
