#!/usr/bin/env node

// The command line. Reads arguments and environment, says clearly what is wrong with them, and starts what is asked.
// What a command alone needs is loaded by it: a health check runs every few seconds, and must not load a whole sidecar.

import './signals.js';

// That one is the first of all: see there.
import { Command, CommanderError, Option } from 'commander';
import { addHealthCommand, addLookCommands } from './cli/commands.js';
import { addDoctorCommand } from './cli/doctor/command.js';
import { addEnvoyCommand } from './cli/envoy/command.js';
import { LOG_LEVELS, type LogLevel } from './observe/log/levels.js';
import { formatProblem } from './policy/problems.js';
import type { LoadResult } from './policy/result.js';
import { DEFAULT_SOCKET_MODE, parseSocketMode } from './server/socket-mode.js';
import type { TlsFiles } from './server/tls/material.js';
import { TRANSPORT_NAMES, type TransportName } from './server/transport-names.js';
import { stopWith } from './signals.js';
import type { StateOptions } from './state/keeper.js';
import { VERSION } from './version.js';

const DEFAULT_GRPC = '127.0.0.1:9002';
const DEFAULT_HTTP = '127.0.0.1:9003';

interface ServeOptions {
  readonly policy?: string;
  readonly grpc: string;
  readonly http: string;
  readonly httpHost: string;
  readonly health?: string;
  readonly socketMode: number;
  readonly transport: TransportName;
  readonly logLevel: LogLevel;
  readonly drain: number;
  readonly drainDelay: number;
  readonly grpcTlsCert?: string;
  readonly grpcTlsKey?: string;
  readonly grpcTlsClientCa?: string;
  readonly state?: string;
  readonly stateInterval: number;
  readonly stateMaxAge: number;
}

const AFTER_HELP = `
Examples:
  sluice check policy.yaml
  sluice envoy --policy policy.yaml envoy.yaml > wired.yaml
  sluice serve --policy policy.yaml
  sluice serve --policy policy.yaml --grpc unix:/run/sluice/sluice.sock --http 0.0.0.0:9003
  sluice top
  sluice doctor
  sluice explain 5d8b1c0f2a7e49d3a1b6c4e8

Envoy has to be told to ask Sluice: sluice envoy writes it into a bootstrap of yours, and envoy.yaml in this repository is a
complete, commented example.`;

const AFTER_SERVE_HELP = `
On the gRPC address: ExternalProcessor, AccessLogService and grpc.health.v1.Health.
On the health address, where there is one: grpc.health.v1.Health alone. It is for probes that cannot reach the gRPC address,
as a kubelet cannot reach a Unix socket.
On the HTTP address: / (a page), /circuits, /requests, /events, /policy, /metrics, /healthz, /readyz.

The policy file is read again when it changes; a file with errors changes nothing and is reported.
SIGTERM and SIGINT: not ready from then on; after the drain delay nothing new is taken, what is open is finished, for at
most the drain time, and the status is 0. A second one ends at once.

Environment:
  SLUICE_ADMIN_TOKEN  allows PUT /circuits/{cluster} to those who send it as bearer token; without it nothing can be
                      changed from outside

Exit status: 0 stopped when asked, 1 policy or address unusable, 2 wrong usage.`;

const AFTER_CHECK_HELP = `
Prints every error, each as FILE:LINE:COLUMN path: what is wrong and what to do; then warnings.
Exit status: 0 no error, 1 errors, 2 wrong usage.`;

function program(): Command {
  const sluice = new Command('sluice')
    .description('Safe retries and circuits for Envoy, as an external-processing sidecar.')
    .version(VERSION, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', AFTER_HELP)
    .showHelpAfterError('(sluice --help says more)')
    .exitOverride();
  sluice
    .command('serve')
    .description('run the sidecar')
    .addOption(new Option('--policy <file>', 'the policy, YAML (required)').env('SLUICE_POLICY'))
    .addOption(address('--grpc', 'where Envoy speaks to Sluice', 'SLUICE_GRPC', DEFAULT_GRPC))
    .addOption(address('--http', 'where people and Prometheus do', 'SLUICE_HTTP', DEFAULT_HTTP))
    .addOption(
      new Option('--health <addr>', 'one more address, for health checks only: host:port or unix:/path').env(
        'SLUICE_HEALTH',
      ),
    )
    .addOption(
      new Option('--socket-mode <octal>', 'mode of the files of Unix sockets')
        .env('SLUICE_SOCKET_MODE')
        .argParser(socketMode)
        .default(DEFAULT_SOCKET_MODE, '0660'),
    )
    .addOption(
      new Option('--http-host <names>', 'public names under which people ask for the HTTP side, by comma')
        .env('SLUICE_HTTP_HOST')
        .default(''),
    )
    .addOption(tlsFile('cert', 'certificate of the gRPC address, with those between it and its root'))
    .addOption(tlsFile('key', 'its private key'))
    .addOption(tlsFile('client-ca', 'who signs the certificates of clients: without one nobody is served'))
    .addOption(
      new Option('--transport <name>', 'what carries gRPC: sockets made for Envoy, or a library')
        .env('SLUICE_TRANSPORT')
        .choices(TRANSPORT_NAMES)
        .default('direct'),
    )
    .addOption(
      new Option('--log-level <level>', 'least level that is logged')
        .env('SLUICE_LOG_LEVEL')
        .choices(LOG_LEVELS)
        .default('info'),
    )
    .addOption(
      new Option('--drain <seconds>', 'how long a stop waits for open requests')
        .argParser((text) => seconds('--drain', text, 0, 3600))
        .default(10),
    )
    .addOption(
      new Option('--drain-delay <seconds>', 'how long a stop goes on serving, not ready any more, before it drains')
        .env('SLUICE_DRAIN_DELAY')
        .argParser((text) => seconds('--drain-delay', text, 0, 3600))
        .default(0),
    )
    .addOption(
      new Option('--state <file>', 'keeps circuits and budgets over a restart; its directory must be writable').env(
        'SLUICE_STATE',
      ),
    )
    .addOption(
      new Option('--state-interval <seconds>', 'writes that file at least this often')
        .env('SLUICE_STATE_INTERVAL')
        .argParser((text) => seconds('--state-interval', text, 1, 3600))
        .default(10),
    )
    .addOption(
      new Option('--state-max-age <seconds>', 'ignores that file at the start where it is older')
        .env('SLUICE_STATE_MAX_AGE')
        .argParser((text) => seconds('--state-max-age', text, 1, 7 * 86_400))
        .default(900),
    )
    .addHelpText('after', AFTER_SERVE_HELP)
    .action(serve);
  sluice
    .command('check')
    .description('check a policy file and say everything that is wrong with it')
    .argument('<file>', 'the policy, YAML')
    .addHelpText('after', AFTER_CHECK_HELP)
    .action(check);
  sluice
    .command('schema')
    .description('print the JSON Schema of the policy file, for editors')
    .action(async () => {
      const { policyJsonSchemaText } = await import('./policy/json-schema.js');
      process.stdout.write(policyJsonSchemaText());
    });
  addEnvoyCommand(sluice);
  addHealthCommand(sluice, DEFAULT_GRPC);
  const http = () => address('--http', 'the HTTP side of the sidecar', 'SLUICE_HTTP', DEFAULT_HTTP);
  addLookCommands(sluice, http);
  addDoctorCommand(sluice, http);
  return sluice;
}

function address(flag: string, description: string, variable: string, byDefault: string): Option {
  return new Option(`${flag} <addr>`, `${description}: host:port or unix:/path`).env(variable).default(byDefault);
}

function seconds(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= least && value <= most) return value;
  throw new CommanderError(2, 'sluice.seconds', `error: ${option} is '${text}'; give seconds from ${least} to ${most}`);
}

function socketMode(text: string): number {
  try {
    return parseSocketMode(text);
  } catch (error) {
    throw new CommanderError(
      2,
      'sluice.socketMode',
      `error: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

async function serve(options: ServeOptions): Promise<void> {
  const { policy: policyFile } = options;
  if (policyFile === undefined) {
    throw new CommanderError(2, 'sluice.policy', 'error: no policy: give --policy FILE or set SLUICE_POLICY');
  }
  const [{ startApp }, loaded] = await Promise.all([import('./app.js'), loadApart(policyFile)]);
  if (!loaded.ok) {
    complain(loaded.problems.map(formatProblem));
    return;
  }
  const starting = startApp({
    policy: loaded.policy,
    warnings: loaded.warnings,
    policyFile,
    policyText: loaded.text,
    grpc: options.grpc,
    http: options.http,
    httpHosts: namesIn(options.httpHost),
    health: options.health ?? null,
    socketMode: options.socketMode,
    tls: tlsOf(options),
    state: stateOf(options),
    transport: options.transport,
    logLevel: options.logLevel,
    adminToken: process.env.SLUICE_ADMIN_TOKEN,
  });
  // A signal that comes before it has started waits for that: what is open by then has to be closed.
  stopWith(async (signal) =>
    (await starting).stop(signal, { delayMs: options.drainDelay * 1000, graceMs: options.drain * 1000 }),
  );
  await starting;
}

async function loadApart(policyFile: string): Promise<LoadResult> {
  const { loadPolicyApart } = await import('./policy/apart.js');
  return loadPolicyApart(policyFile);
}

function namesIn(list: string): string[] {
  return list
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function tlsFile(which: string, description: string): Option {
  const variable = `SLUICE_GRPC_TLS_${which.toUpperCase().replace('-', '_')}`;
  return new Option(`--grpc-tls-${which} <file>`, `${description}; PEM`).env(variable);
}

function tlsOf({ grpcTlsCert: cert, grpcTlsKey: key, grpcTlsClientCa: clientCa }: ServeOptions): TlsFiles | null {
  if (cert === undefined && key === undefined && clientCa === undefined) return null;
  if (cert !== undefined && key !== undefined && clientCa !== undefined) return { cert, key, clientCa };
  throw new CommanderError(
    2,
    'sluice.tls',
    'error: TLS takes all three of --grpc-tls-cert, --grpc-tls-key and --grpc-tls-client-ca, or none of them',
  );
}

function stateOf({ state, stateInterval, stateMaxAge }: ServeOptions): StateOptions | null {
  if (state === undefined) return null;
  return { file: state, intervalMs: stateInterval * 1000, maxAgeMs: stateMaxAge * 1000 };
}

async function check(file: string): Promise<void> {
  const { loadPolicy } = await import('./policy/load.js');
  const loaded = await loadPolicy(file);
  if (!loaded.ok) {
    const count = loaded.problems.length;
    complain([...loaded.problems.map(formatProblem), `${file}: ${count} error${count === 1 ? '' : 's'}`]);
    return;
  }
  for (const warning of loaded.warnings) process.stdout.write(`warning: ${warning}\n`);
  process.stdout.write(`${file}: ok\n`);
}

function complain(lines: readonly string[]): void {
  for (const line of lines) process.stderr.write(`${line}\n`);
  process.exitCode = 1;
}

/** A variable that is set to nothing says nothing: that is how templates of deployments leave one out. */
function forgetEmptyVariables(): void {
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('SLUICE_') && process.env[name] === '') delete process.env[name];
  }
}

forgetEmptyVariables();
program()
  .parseAsync()
  .catch((error: unknown) => {
    if (error instanceof CommanderError) {
      // Help and version end here as well, with status 0; the rest is wrong usage.
      if (error.code.startsWith('sluice.')) process.stderr.write(`${error.message}\n`);
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    complain([error instanceof Error ? `error: ${error.message}` : `error: ${String(error)}`]);
  });
