// Puts Sluice into a bootstrap: mends what it needs until it needs nothing more. Looking anew after every round is what
// makes wiring a wired bootstrap change nothing.

import { formatPath, type Path } from '../policy/problems.js';
import type { BootstrapFile } from './document/document.js';
import type { Need } from './look/need.js';
import type { EnvoyOptions } from './look/options.js';
import { lookAt, type World } from './look/world.js';
import { allNeeds, CONCERNS, type Concern } from './needs.js';

export interface Wiring {
  /** What somebody wrote and is now different, in words. */
  readonly changed: readonly string[];
  /** What could not be done. */
  readonly warnings: readonly string[];
  /** How many places were changed. 0: Sluice was there already. */
  readonly count: number;
  readonly text: string;
}

/** More rounds than any concern needs, so that two that disagree end in an error and not in a loop. */
const MOST_ROUNDS = 40;

export function wire(file: BootstrapFile, options: EnvoyOptions): Wiring {
  const comments = new Map<object, string>();
  const look = () => lookAt(file.root, options, comments);
  const mended = mendAll(look);
  const left = allNeeds(look());
  return {
    changed: mended.filter((need) => need.told === true).map((need) => inWords(need)),
    warnings: left.map((need) => inWords(need)),
    count: mended.length,
    text: file.print(comments),
  };
}

/** One concern after the other, over and over: what one adds, another may have something to say about. */
function mendAll(look: () => World): Need[] {
  const mended: Need[] = [];
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const before = mended.length;
    for (const concern of CONCERNS) mended.push(...mendConcern(look, concern));
    if (mended.length === before) return mended;
  }
  throw new Error(`wiring does not come to an end: ${mended.at(-1)?.code}`);
}

function mendConcern(look: () => World, concern: Concern): Need[] {
  const mended: Need[] = [];
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const needs = [...concern(look())].filter((need) => need.mend !== undefined);
    if (needs.length === 0) return mended;
    mended.push(...mendApart(needs));
  }
  throw new Error(`wiring does not come to an end: ${mended.at(-1)?.code}`);
}

/** All whose places have nothing to do with each other; the others are looked at anew. */
function mendApart(needs: readonly Need[]): Need[] {
  const touched = new Set<string>();
  const around = new Set<string>();
  return needs.filter(({ path, mend }) => {
    const places = prefixes(path);
    const own = places.at(-1) ?? '';
    if (around.has(own) || places.some((place) => touched.has(place))) return false;
    touched.add(own);
    for (const place of places) around.add(place);
    mend?.();
    return true;
  });
}

function prefixes(path: Path): string[] {
  return path.map((_part, index) => JSON.stringify(path.slice(0, index + 1)));
}

function inWords({ path, wrong, causes, fix }: Need): string {
  return `${formatPath(path)} ${wrong}: ${causes}; ${fix}`;
}
