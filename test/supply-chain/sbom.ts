// `npm run --silent sbom`: what comes with the program, as CycloneDX on standard output. npm makes it of the lock file; what
// is only for working on Sluice is taken out here, for npm itself then leaves out what both need, and more.

import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { installed, manifest, ROOT, refOf } from './lock.js';

const Component = z.looseObject({ 'bom-ref': z.string(), name: z.string(), type: z.string() });
const Bom = z.looseObject({
  bomFormat: z.literal('CycloneDX'),
  metadata: z.looseObject({ component: Component }),
  components: z.array(Component),
  dependencies: z.array(z.looseObject({ ref: z.string(), dependsOn: z.array(z.string()).optional() })),
});
export type Bom = z.infer<typeof Bom>;

const MAX_BYTES = 64 * 1024 * 1024;

/** @throws Error where npm is older than 10, or the lock file does not fit package.json. */
export function makeBom(): Bom {
  const options = ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx', '--loglevel', 'error'];
  const text = execFileSync('npm', options, { cwd: ROOT, encoding: 'utf8', maxBuffer: MAX_BYTES });
  const all = Bom.parse(JSON.parse(text));
  const { component } = all.metadata;
  const shipped = new Set([
    component['bom-ref'],
    ...installed()
      .filter((each) => each.shipped)
      .map(refOf),
  ]);
  const own = new Set(Object.keys(manifest().dependencies));
  // What Sluice is worked on with may come with it all the same, for another package's sake.
  const isNeeded = (by: string, ref: string) =>
    shipped.has(ref) && (by !== component['bom-ref'] || own.has(ref.slice(0, ref.lastIndexOf('@'))));
  return {
    ...all,
    // npm calls it by the name of its directory, and a library.
    metadata: { ...all.metadata, component: { ...component, name: manifest().name, type: 'application' } },
    components: all.components.filter((each) => shipped.has(each['bom-ref'])),
    dependencies: all.dependencies
      .filter(({ ref }) => shipped.has(ref))
      .map((each) => ({ ...each, dependsOn: each.dependsOn?.filter((ref) => isNeeded(each.ref, ref)) ?? [] })),
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.stdout.write(`${JSON.stringify(makeBom(), null, 2)}\n`);
}
