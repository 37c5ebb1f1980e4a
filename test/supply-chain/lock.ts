// What is installed, by the lock file: every package, whether it comes with the program, and under which licence.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const Manifest = z.object({
  name: z.string(),
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
});
const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string(),
      license: z.string().optional(),
      integrity: z.string().optional(),
      dev: z.boolean().optional(),
      hasInstallScript: z.boolean().optional(),
    }),
  ),
});

export interface Installed {
  readonly name: string;
  readonly version: string;
  /** SPDX; '' where the lock file has none. */
  readonly licence: string;
  readonly integrity: string;
  /** Comes with the program. */
  readonly shipped: boolean;
  /** It runs a program of its own when it is installed. */
  readonly installs: boolean;
}

export function manifest(): z.infer<typeof Manifest> {
  return Manifest.parse(JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')));
}

export function installed(): readonly Installed[] {
  const { packages } = Lock.parse(JSON.parse(readFileSync(`${ROOT}package-lock.json`, 'utf8')));
  return Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, { version, license, integrity, dev, hasInstallScript }]) => ({
      name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version,
      licence: license ?? '',
      integrity: integrity ?? '',
      shipped: dev !== true,
      installs: hasInstallScript === true,
    }));
}

/** As an SBOM refers to it. */
export function refOf({ name, version }: Pick<Installed, 'name' | 'version'>): string {
  return `${name}@${version}`;
}
