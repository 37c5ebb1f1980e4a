// `npm run dashboard`: writes deploy/grafana/sluice.json anew from rows.ts.

import { writeFile } from 'node:fs/promises';
import { dashboardText } from './build.js';

await writeFile(new URL('../../deploy/grafana/sluice.json', import.meta.url), dashboardText());
