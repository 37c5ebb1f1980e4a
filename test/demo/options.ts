// The demo's command line.

import { Command, CommanderError } from 'commander';

export interface DemoOptions {
  readonly once: boolean;
  /** null: the port of envoy.yaml if it is free, else any. */
  readonly port: number | null;
  /** The same for Sluice's HTTP side. */
  readonly http: number | null;
}

const AFTER_HELP = `
Starts six small upstreams, Sluice with test/demo/policy.yaml, and an Envoy with envoy.yaml (which it downloads once, about
40 MB, unless ENVOY_BIN or the PATH has one); sends steady traffic, and shows what Sluice does about it: retries that save
requests, retries that it refuses, circuits that open, probe and close. Everything shown is read from Sluice's own
/circuits, /requests and /metrics. Ports that are in use are avoided; nothing listens beyond 127.0.0.1.

On a terminal: a live view. Otherwise, or with --once: a line for each event, with the seconds since the start.
Ctrl-C or SIGTERM stops everything.

Environment: ENVOY_BIN (an Envoy executable to use), NO_COLOR (no colours).

Exit status: 0 ended as asked; 1 something did not start, or with --once: something that it shows did not happen (each
item is named); 2 wrong usage.`;

/** @throws CommanderError: help was printed (exitCode 0), or the usage is wrong (told on stderr; exitCode 1). */
export function readOptions(args: readonly string[]): DemoOptions {
  const command = new Command('npm run demo --')
    .description('Sluice in front of upstreams that fail in every way, live.')
    .option('--once', 'tell the story once, check that all of it happened, and end (40 seconds at most)')
    .option('--port <port>', 'where Envoy listens (default: 10000 if it is free, else any)', port)
    .option('--http <port>', 'where Sluice answers curl (default: 9003 if it is free, else any)', port)
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', AFTER_HELP)
    .allowExcessArguments(false)
    .exitOverride();
  const given = command.parse([...args], { from: 'user' }).opts<Partial<DemoOptions>>();
  return { once: given.once ?? false, port: given.port ?? null, http: given.http ?? null };
}

function port(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= 65_535) return value;
  throw new CommanderError(2, 'demo.port', `'${text}' is no port; give a number from 1 to 65535`);
}
