// `npm run docs`: writes the README's tables anew.

import { readFile, writeFile } from 'node:fs/promises';
import { withTables } from './tables.js';

const README = new URL('../../README.md', import.meta.url);
await writeFile(README, withTables(await readFile(README, 'utf8')));
