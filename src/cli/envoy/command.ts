// The words and options of `sluice envoy`. What does the work is loaded when it is asked for.

import { type Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { EnvoyFlags } from './run.js';

/** The oldest that this was tried on, and the one that envoy.yaml is written for. */
const OLDEST_MINOR = 36;
const NEWEST_MINOR = 40;

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
    .option('--check', 'say what is missing or wrong, and change nothing')
    .option('--json', 'with --check: findings as JSON')
    .addOption(repeatable('--ignore <code>', 'with --check: a finding that is meant to be so'))
    .option(
      '--sluice <addr>',
      'where Envoy reaches Sluice: host:port or unix:/path (default: as it is, or 127.0.0.1:9002)',
    )
    .option('--sluice-cluster <name>', "the name of Sluice's cluster (default: as it is, or sluice)")
    .addOption(repeatable('--listener <name>', 'only this listener; * matches anything'))
    .addOption(repeatable('--stat-prefix <prefix>', 'only connection managers with this stat_prefix'))
    .addOption(
      new Option('--envoy-version <version>', 'the Envoy that is to read it')
        .argParser(minorOf)
        .default(NEWEST_MINOR, '1.40'),
    )
    .addHelpText('after', AFTER_HELP)
    .action(run);
}

function repeatable(flag: string, description: string): Option {
  const collect = (value: string, before: readonly string[] = []) => [...before, value];
  return new Option(flag, `${description} (may be repeated)`).argParser(collect);
}

function minorOf(text: string): number {
  const minor = Number(/^1\.(\d{1,3})(\.\d+)?$/.exec(text)?.[1] ?? Number.NaN);
  if (minor >= OLDEST_MINOR) return minor;
  throw new InvalidArgumentError(`give 1.${OLDEST_MINOR} to 1.${NEWEST_MINOR}, or newer.`);
}

async function run(name: string, flags: EnvoyFlags): Promise<void> {
  if (!flags.check && flags.policy === undefined) throw usage('no policy: give --policy FILE or set SLUICE_POLICY');
  if (!flags.check && flags.json) throw usage('--json goes with --check');
  if (flags.check && flags.output !== undefined) throw usage('--check writes nothing: leave out --output');
  const { runEnvoy } = await import('./run.js');
  await runEnvoy(name, flags);
}

function usage(message: string): CommanderError {
  return new CommanderError(2, 'sluice.envoy', `error: ${message}`);
}
