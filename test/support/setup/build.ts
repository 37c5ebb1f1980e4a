// Tests run the built program. `npm test` builds it first; whoever runs vitest directly gets it built here when the
// sources are newer. Type errors are for `npm run check` to report: they are shown here, and tests go on.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const MAIN_JS = join(ROOT, 'dist', 'main.js');

export default function build(): void {
  if (existsSync(MAIN_JS) && statSync(MAIN_JS).mtimeMs >= newest(join(ROOT, 'src'))) return;
  process.stderr.write('dist is older than src: npm run build\n');
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.stderr.write(`the build ended with ${status}; going on with what it wrote\n`);
  if (!existsSync(MAIN_JS)) throw new Error('the build wrote no dist/main.js: see its errors above');
}

/** Time of the youngest file. */
function newest(directory: string): number {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  return Math.max(...files.map((file) => statSync(join(directory, file)).mtimeMs));
}
