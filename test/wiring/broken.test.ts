// Every finding, shown by breaking a good bootstrap in one way: this finding comes, and no other. What wiring can mend, it
// mends, and then nothing is found.

import { describe, expect, it, vi } from 'vitest';
import type { EnvoyOptions } from '../../src/envoy/look/options.js';
import { object } from '../support/bootstrap.js';
import { array, type Break, broken, processor, shipped } from './breaks/parts.js';
import { PLACES } from './breaks/places.js';
import { onProcessor } from './breaks/processors.js';
import { faults, findings, policy, wired } from './support.js';

// Each reads a large bootstrap more than once, and the machine may be busy with others.
vi.setConfig({ testTimeout: 60_000 });

const POLICY = policy(`
clusters:
  primary: { fallback: [secondary] }
  provider: { retry: { judge: true } }
  flaky: { retry: { judge: true } }
  grpc: { retry: { judge: true } }
`);

const CASES = [...PLACES, ...onProcessor('admission'), ...onProcessor('gate'), ...onProcessor('judge')];

/** Only a person can: the fix would take away what may be meant, or is not in this file. */
const FOR_PEOPLE = ['trace.filter', 'admission.twice', 'gate.time_left', 'route.hedging', 'policy.unknown_fallback'];

describe('the bootstrap of this repository', () => {
  it('has no finding, with a policy and without', () => {
    expect(findings(shipped(), { policy: POLICY })).toEqual([]);
    expect(findings(shipped(), { policy: null })).toEqual([]);
  });
});

describe.each(CASES)('%s', (code, change) => {
  it('is found, alone, when that is broken', () => {
    const found = findings(broken(change), { policy: POLICY }).filter(({ level }) => level !== 'note');
    expect([...new Set(found.map((each) => each.code))]).toEqual([code]);
    for (const each of found)
      for (const words of [each.path, each.wrong, each.causes, each.fix]) expect(words).not.toBe('');
  });

  it('is mended by wiring, where that can be done', () => {
    const options: Partial<EnvoyOptions> = { policy: POLICY };
    const { text, count } = wired(broken(change), options);
    if (FOR_PEOPLE.includes(code)) {
      expect(faults(text, options)).toContain(code);
      return;
    }
    expect(faults(text, options)).toEqual([]);
    expect(count).toBeGreaterThan(0);
    expect(wired(text, options)).toMatchObject({ count: 0, text });
  });
});

describe('what only some versions and policies have', () => {
  const judged = policy('clusters: { provider: { retry: { judge: true } } }');

  it('says that Envoy 1.36 does not survive a judge, present or asked for', () => {
    const codes = faults(shipped(), { policy: judged, envoyMinor: 36 });
    expect(codes).toContain('judge.fatal');
    expect(codes).toContain('judge.unavailable');
  });

  it('notes a judge that the policy has no use for, and leaves it there', () => {
    const options = { policy: policy('{}') };
    const unused = findings(shipped(), options).filter(({ code }) => code === 'judge.unused');
    expect(unused).toHaveLength(3);
    expect(unused.every(({ level }) => level === 'note')).toBe(true);
    expect(JSON.stringify(JSON.parse(wired(shipped(), options).text))).toContain('"judge"');
  });

  it('finds a hold that is longer than Envoy waits, wherever the policy has it', () => {
    const long = [
      'defaults: { retry: { judge: true, honour: { max: 20s } } }',
      'defaults: { retry: { judge: true, backoff: { base: 1s, max: 30s } } }',
      'defaults: { retry: { judge: true, backoff: { byStatus: { 503: { base: 1s, max: 15s } } } } }',
      'defaults: { retry: { judge: true } }\nroutes: { provider: { retry: { honour: { max: 1m } } } }',
    ];
    for (const text of long) expect(faults(shipped(), { policy: policy(text) })).toContain('judge.max_message_timeout');
  });

  it('finds a header that is the key of the policy and is kept from Sluice', () => {
    const change: Break = (b) => {
      const { disallowed_headers } = object(processor('admission', b).forward_rules);
      array(object(disallowed_headers).patterns).push({ prefix: 'X-Model' });
    };
    const keyed = policy('clusters: { provider: { key: { header: X-Model } } }');
    expect(faults(broken(change), { policy: keyed })).toContain('admission.forward_rules');
    expect(faults(broken(change), { policy: null })).toEqual([]);
  });
});
