// What comes of reading a policy file. Apart from the reading itself, so that whoever only takes the result needs neither YAML
// nor the schema in its memory.

import type { Places } from './places.js';
import type { PolicyProblem } from './problems.js';
import { Policy } from './resolve.js';

export type LoadResult =
  /** `warnings`: whole sentences with file, line and path, for the log. */
  | { readonly ok: true; readonly policy: Policy; readonly text: string; readonly warnings: string[] }
  /** At least one, in the order of the text; `formatProblem` makes a line of each. */
  | { readonly ok: false; readonly problems: PolicyProblem[] };

/** What was read, as plain data that another thread can be sent. */
export type CheckResult =
  | { readonly ok: true; readonly places: Places; readonly warnings: string[] }
  | { readonly ok: false; readonly problems: PolicyProblem[] };

export function toPolicy(checked: CheckResult, text: string): LoadResult {
  if (!checked.ok) return checked;
  return { ok: true, policy: new Policy(checked.places), text, warnings: checked.warnings };
}

/** A file that cannot be judged in its parts. */
export function unfit(file: string, message: string): CheckResult & { readonly ok: false } {
  return { ok: false, problems: [{ file, line: null, column: null, path: '', message }] };
}
