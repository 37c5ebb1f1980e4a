// `sluice health`, `sluice top` and `sluice explain`: for scripts and people who look at a running sidecar.

import { type Command, CommanderError, Option } from 'commander';
import { explain } from './explain.js';
import { health } from './health.js';
import { top, topOnce } from './top.js';

interface Where {
  readonly http: string;
}

const AFTER_TOP_HELP = `
Shows circuits (state, failures, last results, retries left) and the requests that were retried, rerouted, refused or cut
short, as they come. q or Ctrl-C leaves. Where the output is no terminal, one frame is printed.
Exit status: 0 done, 1 no sidecar there, 2 wrong usage.`;

const AFTER_EXPLAIN_HELP = `
REQUEST_ID is the x-sluice-id of a request: see the page, sluice top, /requests or the log.
Exit status: 0 told, 1 no such request or no sidecar there, 2 wrong usage.`;

const AFTER_HEALTH_HELP = `
Without --grpc it asks SLUICE_HEALTH, else SLUICE_GRPC, else the default address. It speaks plain text: a Sluice that wants
certificates on its gRPC address needs a health address for this.
Exit status: 0 in service, 1 not in service, or nobody answered, 2 wrong usage.`;

/** Longer than any orchestrator waits. */
const LONGEST_TIMEOUT_S = 60;

/** @param byDefault where a sidecar listens that was told nothing. */
export function addHealthCommand(sluice: Command, byDefault: string): void {
  const { SLUICE_HEALTH, SLUICE_GRPC } = process.env;
  sluice
    .command('health')
    .description('ask a running sidecar whether it is in service')
    .addOption(
      new Option('--grpc <addr>', 'its gRPC or health address: host:port or unix:/path').default(
        SLUICE_HEALTH ?? SLUICE_GRPC ?? byDefault,
      ),
    )
    .addOption(new Option('--timeout <seconds>', 'how long to wait for its answer').argParser(seconds).default(2))
    .addHelpText('after', AFTER_HEALTH_HELP)
    .action(async ({ grpc, timeout }: { readonly grpc: string; readonly timeout: number }) => {
      process.stdout.write(await health(grpc, timeout * 1000));
    });
}

function seconds(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= LONGEST_TIMEOUT_S) return value;
  const message = `error: --timeout is '${text}'; give seconds, more than 0 and at most ${LONGEST_TIMEOUT_S}`;
  throw new CommanderError(2, 'sluice.timeout', message);
}

/** `http` makes the option that says where the sidecar is. */
export function addLookCommands(sluice: Command, http: () => Option): void {
  sluice
    .command('top')
    .description('show the circuits and retries of a running sidecar, live')
    .addOption(http())
    .option('--once', 'print one frame and end', false)
    .addHelpText('after', AFTER_TOP_HELP)
    .action(runTop);
  sluice
    .command('explain')
    .description('tell the story of one request: what was decided, each attempt, and why it ended as it did')
    .argument('<request-id>', 'the x-sluice-id of the request')
    .addOption(http())
    .addHelpText('after', AFTER_EXPLAIN_HELP)
    .action(async (id: string, { http: address }: Where) => {
      process.stdout.write(await explain(address, id, process.stdout.columns));
    });
}

async function runTop({ http, once }: Where & { readonly once: boolean }): Promise<void> {
  const { stdin, stdout } = process;
  if (!once && stdin.isTTY && stdout.isTTY) return top(http, stdin, stdout);
  const colour = stdout.isTTY && (process.env.NO_COLOR ?? '') === '';
  const size = { columns: stdout.columns ?? Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY };
  process.stdout.write(await topOnce(http, size, colour));
}
