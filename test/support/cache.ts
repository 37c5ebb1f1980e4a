// Where tools that tests get once are kept.

import { homedir } from 'node:os';
import { join } from 'node:path';

export function cacheDirectory(): string {
  const base = process.env.XDG_CACHE_HOME;
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'sluice');
}
