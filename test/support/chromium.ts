// Where the page's tests find a browser. It is not downloaded: Debian's package brings what it needs with it, and a browser
// that came alone would lack its libraries.

import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** `CHROMIUM_BIN`, or one on the PATH. @throws Error that says what to install. */
export async function chromiumBinary(): Promise<string> {
  const { CHROMIUM_BIN: named = '', PATH = '' } = process.env;
  if (named !== '') {
    if (await runs(named)) return named;
    throw new Error(`CHROMIUM_BIN is ${named}, and there is no such program`);
  }
  for (const directory of PATH.split(delimiter)) {
    for (const name of NAMES) {
      const file = join(directory, name);
      if (directory !== '' && (await runs(file))) return file;
    }
  }
  throw new Error(
    'The tests of the page need Chromium: `apt-get install -y chromium`, or set CHROMIUM_BIN to a Chromium or Chrome. ' +
      'Without it: `npx vitest run --project unit --project envoy`',
  );
}

async function runs(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
