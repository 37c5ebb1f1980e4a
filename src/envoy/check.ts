// Says what is missing or wrong in a bootstrap that is to have Sluice in it. The same look as wiring takes, without the hands.

import { formatPath } from '../policy/problems.js';
import type { BootstrapFile } from './document/document.js';
import type { Manager } from './look/managers.js';
import type { Level, Need } from './look/need.js';
import type { EnvoyOptions } from './look/options.js';
import { isTouched } from './look/ours.js';
import { among, lookAt, type World } from './look/world.js';
import { allNeeds } from './needs.js';

export interface EnvoyFinding {
  readonly code: string;
  readonly level: Level;
  /** As in `static_resources.clusters[0].circuit_breakers`. */
  readonly path: string;
  /** From 1: of the path, or of the nearest thing around it; null where the file has no lines to name. */
  readonly line: number | null;
  readonly column: number | null;
  readonly wrong: string;
  readonly causes: string;
  readonly fix: string;
  /** `sluice envoy` does it. */
  readonly wirable: boolean;
}

/** In the order of the file, the worst first of each place. Notes are listed too; they are no fault. */
export function checkBootstrap(file: BootstrapFile, options: EnvoyOptions): EnvoyFinding[] {
  const findings = needsOf(lookAt(file.root, options, new Map())).map((need) => finding(file, need));
  return findings.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}

/**
 * Where Sluice is in some connection managers and nothing of it in others, the others are more likely left out on purpose
 * than wrong in every part: one word about each is enough.
 */
function needsOf(world: World): readonly Need[] {
  const touched = world.managers.filter((manager) => isTouched(manager, world.sluice));
  if (touched.length === 0 || touched.length === world.managers.length) return allNeeds(world);
  const others = world.managers.filter((manager) => !touched.includes(manager));
  return [...allNeeds(among(world, touched)), ...others.map(untouched)];
}

function untouched({ message, listener }: Manager): Need {
  return {
    code: 'manager.untouched',
    level: 'warning',
    path: message.path,
    wrong: 'has nothing of Sluice in it, where others have',
    causes: 'its requests pass without Sluice',
    fix: `wire it too (--listener ${listener}); if that is meant, choose the others with --listener or --stat-prefix, or --ignore this`,
  };
}

/** Is it one that a bootstrap should not have? */
export function isFault({ level }: EnvoyFinding): boolean {
  return level !== 'note';
}

function finding(file: BootstrapFile, need: Need): EnvoyFinding {
  const at = file.position(need.path);
  return {
    code: need.code,
    level: need.level,
    path: formatPath(need.path),
    line: at?.line ?? null,
    column: at?.column ?? null,
    wrong: need.wrong,
    causes: need.causes,
    fix: need.fix,
    wirable: need.mend !== undefined,
  };
}
