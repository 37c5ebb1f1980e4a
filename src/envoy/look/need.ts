// What a bootstrap lacks. Checking shows needs and wiring mends them: both come from the same look at the document, so
// that what is wired passes the check.

import type { Path } from '../../policy/problems.js';

/**
 * `error`: decisions are wrong or lost. `warning`: it works, but worse or at a risk. `note`: it could be better, or cannot be
 * seen or changed from here.
 */
export type Level = 'error' | 'warning' | 'note';

export interface Need {
  /** Stable, for `--ignore` and for programs: `place.what`. */
  readonly code: string;
  readonly level: Level;
  readonly path: Path;
  /** Continues the sentence that the path begins. */
  readonly wrong: string;
  readonly causes: string;
  /** What to do, as an instruction. */
  readonly fix: string;
  /** Does it. Without it, only a person can. */
  readonly mend?: () => void;
  /** The mend takes something away that somebody wrote: wiring tells. */
  readonly told?: boolean;
}
