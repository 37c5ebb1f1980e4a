// What else is in the program besides what is written here: few packages, each for a reason, each pinned, each under a
// licence that lets it be used.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ALLOWED, ALLOWED_AT_WORK, LICENCES_FILE, licencesText } from './licences.js';
import { installed, manifest, ROOT, refOf } from './lock.js';
import { makeBom } from './sbom.js';

const SHIPPED = installed().filter((each) => each.shipped);
const REASONS = readFileSync(`${ROOT}deploy/supply-chain/README.md`, 'utf8');

describe('a dependency of the program', () => {
  const direct = Object.entries(manifest().dependencies);

  it('has its reason in deploy/supply-chain/README.md, and what is there is a dependency', () => {
    const rows = [...REASONS.matchAll(/^\| `([^`]+)` +\| (.{20,}) \|$/gm)].map(([, name]) => name);
    expect(rows.sort()).toEqual(direct.map(([name]) => name).sort());
  });

  it.each(direct)('%s is pinned to one version', (_name, version) => {
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

describe('every package', () => {
  it('has a checksum in the lock file', () => {
    expect(installed().filter(({ integrity }) => !integrity.startsWith('sha512-'))).toEqual([]);
  });

  it('has a licence that is allowed', () => {
    const allowed: readonly string[] = ALLOWED;
    const atWork: readonly string[] = ALLOWED_AT_WORK;
    const wrong = installed().filter(({ licence, shipped }) => !(shipped ? allowed : atWork).includes(licence));
    expect(wrong.map((each) => `${refOf(each)}: ${each.licence}`)).toEqual([]);
  });

  it('that comes with the program is in the list of licences (npm run licences writes it)', () => {
    expect(readFileSync(LICENCES_FILE, 'utf8')).toBe(licencesText());
    expect(SHIPPED.length).toBeGreaterThan(20);
  });

  it('that comes with the program runs nothing when it is installed, but for one that warns of version numbers', () => {
    expect(SHIPPED.filter(({ installs }) => installs).map(({ name }) => name)).toEqual(['protobufjs']);
  });
});

describe('the bill of materials', () => {
  const bom = makeBom();

  it('is of Sluice, and lists what comes with it: all of it, and nothing else', () => {
    expect(bom).toMatchObject({
      bomFormat: 'CycloneDX',
      metadata: { component: { name: 'sluice', type: 'application' } },
    });
    const listed = bom.components.map((each) => each['bom-ref']);
    expect([...listed].sort()).toEqual([...new Set(SHIPPED.map(refOf))].sort());
  });

  it('has a licence and a checksum for each', () => {
    const lacking = bom.components.filter(({ licenses, hashes }) => !Array.isArray(licenses) || !Array.isArray(hashes));
    expect(lacking).toEqual([]);
  });

  it('says what needs what, and points nowhere', () => {
    const known = new Set([bom.metadata.component, ...bom.components].map((each) => each['bom-ref']));
    const pointed = bom.dependencies.flatMap(({ ref, dependsOn }) => [ref, ...(dependsOn ?? [])]);
    expect(pointed.filter((ref) => !known.has(ref))).toEqual([]);
    const own = bom.dependencies.find(({ ref }) => ref === bom.metadata.component['bom-ref']);
    expect(own?.dependsOn?.map((ref) => ref.replace(/@[^@]+$/, '')).sort()).toEqual(
      Object.keys(manifest().dependencies).sort(),
    );
  });
}, 60_000);
