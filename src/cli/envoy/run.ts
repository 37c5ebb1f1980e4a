// `sluice envoy` at work: files in, a file or findings out.

import { readFile, writeFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import { CommanderError } from 'commander';
import { BootstrapError, readBootstrap } from '../../envoy/bootstrap.js';
import { checkBootstrap, type EnvoyFinding, isFault } from '../../envoy/check.js';
import type { EnvoyOptions } from '../../envoy/look/options.js';
import { wire } from '../../envoy/wire.js';
import { loadPolicy } from '../../policy/load.js';
import { formatProblem } from '../../policy/problems.js';
import type { Policy } from '../../policy/resolve.js';
import { parseAddress } from '../../server/address.js';

export interface EnvoyFlags {
  readonly policy?: string;
  readonly output?: string;
  readonly check?: true;
  readonly json?: true;
  readonly ignore?: readonly string[];
  readonly sluice?: string;
  readonly sluiceCluster?: string;
  readonly listener?: readonly string[];
  readonly statPrefix?: readonly string[];
  readonly envoyVersion: number;
}

/** Sets the exit status. @throws CommanderError for an address that is none. */
export async function runEnvoy(name: string, flags: EnvoyFlags): Promise<void> {
  const options = await optionsOf(flags);
  if (options === null) return;
  const shown = name === '-' ? 'standard input' : name;
  try {
    const file = readBootstrap(await read(name), shown, options);
    if (flags.check) return await report(shown, checkBootstrap(file, options), flags);
    const { changed, warnings, count, text } = wire(file, options);
    await (flags.output === undefined ? print(text) : writeFile(flags.output, text));
    const summary = count === 0 ? 'Sluice is there already; nothing to do' : `${count} places wired`;
    complain([
      ...changed.map((each) => `changed: ${each}`),
      ...warnings.map((each) => `warning: ${each}`),
      `${shown}: ${summary}`,
    ]);
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error;
    complain([error.message]);
    process.exitCode = 1;
  }
}

/** null: the policy is unusable, and that has been said. */
async function optionsOf(flags: EnvoyFlags): Promise<EnvoyOptions | null> {
  const policy = await policyOf(flags.policy);
  if (policy === undefined) return null;
  return {
    policy,
    address: flags.sluice === undefined ? null : addressOf(flags.sluice),
    sluiceCluster: flags.sluiceCluster ?? null,
    envoyMinor: flags.envoyVersion,
    listeners: flags.listener ?? [],
    statPrefixes: flags.statPrefix ?? [],
  };
}

function addressOf(text: string) {
  try {
    return parseAddress(text);
  } catch (error) {
    if (error instanceof RangeError) throw new CommanderError(2, 'sluice.envoy', `error: --sluice: ${error.message}`);
    throw error;
  }
}

async function policyOf(file: string | undefined): Promise<Policy | null | undefined> {
  if (file === undefined) return null;
  const loaded = await loadPolicy(file);
  if (loaded.ok) return loaded.policy;
  complain(loaded.problems.map(formatProblem));
  process.exitCode = 1;
  return undefined;
}

async function read(name: string): Promise<string> {
  if (name === '-') return textOf(process.stdin);
  try {
    return await readFile(name, 'utf8');
  } catch (error) {
    throw new BootstrapError(`${name}: cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function report(name: string, all: readonly EnvoyFinding[], flags: EnvoyFlags): Promise<void> {
  const findings = all.filter(({ code }) => flags.ignore?.includes(code) !== true);
  const faults = findings.filter(isFault).length;
  if (faults > 0) process.exitCode = 1;
  if (flags.json) return print(`${JSON.stringify({ file: name, faults, findings }, null, 2)}\n`);
  const summary = faults === 0 ? `${name}: ok` : `${name}: ${faults} finding${faults === 1 ? '' : 's'}`;
  await print(`${[...findings.map((finding) => inWords(name, finding)), summary].join('\n')}\n`);
}

function inWords(name: string, { level, code, path, line, column, wrong, causes, fix }: EnvoyFinding): string {
  const place = line === null ? name : `${name}:${line}:${column}`;
  return `${place} ${level} ${code} ${path} ${wrong}: ${causes}; ${fix}`;
}

/** Until it is all taken: a pipe may be slow, and the process ends after this. */
function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

function complain(lines: readonly string[]): void {
  for (const line of lines) process.stderr.write(`${line}\n`);
}
