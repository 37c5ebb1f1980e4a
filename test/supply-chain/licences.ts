// `npm run licences`: writes the list of licences of what comes with the program anew.

import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { installed, ROOT } from './lock.js';

export const LICENCES_FILE = `${ROOT}deploy/supply-chain/licences.md`;

/** What may come with the program: permissive ones, which ask for no more than to be named. */
export const ALLOWED = ['Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'] as const;
/** Of what is only used to work on it, these as well. */
export const ALLOWED_AT_WORK = [...ALLOWED, '0BSD', 'CC0-1.0', 'MIT OR Apache-2.0'] as const;

export function licencesText(): string {
  const shipped = installed().filter((each) => each.shipped);
  const lines = shipped.map(({ name, version, licence }) => `| \`${name}\` | ${version} | ${licence} |`);
  return `${[
    '# Licences',
    '',
    'Of every package that comes with Sluice, made from the lock file by `npm run licences`.',
    '',
    '| Package | Version | Licence |',
    '| --- | --- | --- |',
    ...new Set(lines),
  ].join('\n')}\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(LICENCES_FILE, licencesText());
