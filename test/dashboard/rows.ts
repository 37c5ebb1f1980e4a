// The dashboard, as data: what is asked of Prometheus and what the answer means. `npm run dashboard` makes
// deploy/grafana/sluice.json of it.

import type { Row } from './panel.js';
import { ATTEMPTS } from './rows/attempts.js';
import { CIRCUITS } from './rows/circuits.js';
import { ITSELF } from './rows/itself.js';
import { OVERVIEW } from './rows/overview.js';
import { REFUSALS } from './rows/refusals.js';
import { RETRIES } from './rows/retries.js';

export const ROWS: readonly Row[] = [OVERVIEW, CIRCUITS, RETRIES, REFUSALS, ATTEMPTS, ITSELF];
