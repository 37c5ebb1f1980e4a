// `sluice envoy`: puts Sluice into an Envoy bootstrap, or says what is wrong with one that has it.

import { readFile, writeFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import { type Command, CommanderError, Option } from 'commander';
import { BootstrapError, readBootstrap } from '../envoy/bootstrap.js';
import { checkBootstrap, type EnvoyFinding, isFault } from '../envoy/check.js';
import { type EnvoyOptions, NEWEST_MINOR, OLDEST_MINOR } from '../envoy/look/options.js';
import { wire } from '../envoy/wire.js';
import { loadPolicy } from '../policy/load.js';
import { formatProblem } from '../policy/problems.js';
import type { Policy } from '../policy/resolve.js';
import { parseAddress } from '../server/address.js';

interface Flags {
  readonly policy?: string;
  readonly output?: string;
  readonly check: boolean;
  readonly json: boolean;
  readonly ignore: readonly string[];
  readonly sluice?: string;
  readonly sluiceCluster?: string;
  readonly listener: readonly string[];
  readonly statPrefix: readonly string[];
  readonly envoyVersion: number;
}

const AFTER_HELP = `
Reads BOOTSTRAP (- for standard input; YAML or JSON), and prints it in the same format with Sluice wired in:
  admission   ext_proc before the router of each HTTP connection manager, and removal of what clients may not send
  gate        ext_proc before each retry (Router.upstream_http_filters)
  judge       ext_proc in each cluster for which the policy says judge: true
  trace       gRPC access logs of requests and attempts
  routes      retry_back_off from the policy; Envoy's own retry_on removed where the policy's retry.mode is enforce;
              priority groups where the policy has a fallback (Envoy 1.40; before that by x-sluice-cluster, where the
              policy names routes.NAME.cluster)
  clusters    Sluice's own, and a retry_budget underneath
What is there already is kept, comments too. What the policy contradicts is changed and told on standard error, as is
everything that cannot be wired here: what comes by RDS, LDS and CDS. Wiring a wired bootstrap changes nothing.

--check prints each finding as FILE:LINE:COLUMN level code path: what is wrong: what follows; what to do. It looks at what the
policy asks for only with --policy. Notes are no findings.

Examples:
  sluice envoy --policy policy.yaml envoy.yaml > wired.yaml
  sluice envoy --policy policy.yaml --sluice unix:/run/sluice/sluice.sock -o envoy.json envoy.json
  sluice envoy --policy policy.yaml --listener ingress --envoy-version 1.39 envoy.yaml
  sluice envoy --check --policy policy.yaml wired.yaml

Exit status: 0 done, or nothing found; 1 findings, or a file that is unusable; 2 wrong usage.`;

export function addEnvoyCommand(sluice: Command): void {
  sluice
    .command('envoy')
    .description('put Sluice into an Envoy bootstrap, or check one that has it')
    .argument('<bootstrap>', 'the bootstrap, YAML or JSON; - for standard input')
    .addOption(new Option('--policy <file>', 'the policy, YAML (required, but with --check)').env('SLUICE_POLICY'))
    .option('-o, --output <file>', 'write there; it may be the bootstrap itself')
    .option('--check', 'say what is missing or wrong, and change nothing', false)
    .option('--json', 'with --check: findings as JSON', false)
    .option('--ignore <code...>', 'with --check: findings that are meant to be so', [])
    .option(
      '--sluice <addr>',
      'where Envoy reaches Sluice: host:port or unix:/path (default: as it is, or 127.0.0.1:9002)',
    )
    .option('--sluice-cluster <name>', "the name of Sluice's cluster (default: as it is, or sluice)")
    .option('--listener <name...>', 'only these listeners; * matches anything', [])
    .option('--stat-prefix <prefix...>', 'only connection managers with these stat_prefixes', [])
    .addOption(
      new Option('--envoy-version <version>', 'the Envoy that is to read it')
        .argParser(minorOf)
        .default(NEWEST_MINOR, '1.40'),
    )
    .addHelpText('after', AFTER_HELP)
    .action(run);
}

function usage(message: string): CommanderError {
  return new CommanderError(2, 'sluice.envoy', `error: ${message}`);
}

function minorOf(text: string): number {
  const minor = Number(/^1\.(\d{1,3})(\.\d+)?$/.exec(text)?.[1] ?? Number.NaN);
  if (minor >= OLDEST_MINOR) return minor;
  throw usage(`--envoy-version is '${text}'; give 1.${OLDEST_MINOR} to 1.${NEWEST_MINOR}, or newer`);
}

async function run(name: string, flags: Flags): Promise<void> {
  if (!flags.check && flags.policy === undefined) throw usage('no policy: give --policy FILE or set SLUICE_POLICY');
  if (flags.check && flags.output !== undefined) throw usage('--check writes nothing: leave out --output');
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
async function optionsOf(flags: Flags): Promise<EnvoyOptions | null> {
  const policy = await policyOf(flags.policy);
  if (policy === undefined) return null;
  return {
    policy,
    address: flags.sluice === undefined ? null : addressOf(flags.sluice),
    sluiceCluster: flags.sluiceCluster ?? null,
    envoyMinor: flags.envoyVersion,
    listeners: flags.listener,
    statPrefixes: flags.statPrefix,
  };
}

function addressOf(text: string) {
  try {
    return parseAddress(text);
  } catch (error) {
    if (error instanceof RangeError) throw usage(`--sluice: ${error.message}`);
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

async function report(name: string, all: readonly EnvoyFinding[], flags: Flags): Promise<void> {
  const findings = all.filter(({ code }) => !flags.ignore.includes(code));
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
