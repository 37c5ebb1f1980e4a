// `sluice envoy` as people run it: the built program, files, standard input and output.

import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { MAIN_JS } from '../../support/sluice.js';

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `input` is its standard input. */
export async function sluiceEnvoy(args: readonly string[], input = ''): Promise<Ran> {
  const { SLUICE_POLICY: _policy, ...env } = process.env;
  const child = spawn(process.execPath, [MAIN_JS, 'envoy', ...args], { env });
  // A command that does not read ends while this is being written.
  child.stdin.on('error', () => child.stdin.destroy());
  child.stdin.end(input);
  const code = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}
