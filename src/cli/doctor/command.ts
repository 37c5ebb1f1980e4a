// The words and options of `sluice doctor`.

import { type Command, InvalidArgumentError, Option } from 'commander';
import { doctor, report } from './doctor.js';

interface Options {
  readonly http: string;
  readonly envoy: string;
  readonly for: number;
  readonly send?: string;
  readonly json: boolean;
}

const LONGEST_SECONDS = 3600;

const AFTER_HELP = `
Reads Envoy's admin interface and Sluice's HTTP interface, looks on for a while, and says of each part whether it works:
ok, WRONG with what to change, or ? where nothing happened that would show it. It changes nothing.

  sluice     ready, no internal fault, no rejected policy     lost       no request went on undecided
  envoy      its version and state                            obeyed     Envoy refuses none of Sluice's answers
  wiring     the filters, by their roles                      gate       retries are asked about
  connection Envoy reaches Sluice, within the limits          judge      it is where the policy wants it
  graceful   the runtime flag that grpc-js needs              trace      log entries come, tags and ids included,
  admission  requests are shown to Sluice                     lag        and in time

Examples:
  sluice doctor
  sluice doctor --for 30 --envoy 127.0.0.1:15000
  sluice doctor --send http://127.0.0.1:10000/healthz

Exit status: 0 nothing is wrong, 1 something is, or nobody answers, 2 wrong usage.`;

/** `http` makes the option that says where the sidecar is. */
export function addDoctorCommand(sluice: Command, http: () => Option): void {
  sluice
    .command('doctor')
    .description('check that the wiring between a running Envoy and a running sidecar really works')
    .addOption(http())
    .addOption(
      new Option('--envoy <addr>', "Envoy's admin interface: host:port or unix:/path")
        .env('SLUICE_ENVOY')
        .default('127.0.0.1:9901'),
    )
    .addOption(
      new Option('--for <seconds>', 'how long to look on; 0: only what was counted so far')
        .argParser(seconds)
        .default(10),
    )
    .option('--send <url>', 'send this a GET now and then meanwhile: something behind Envoy that does no harm')
    .option('--json', 'print the findings as JSON', false)
    .addHelpText('after', AFTER_HELP)
    .action(run);
}

async function run({ http, envoy, for: time, send, json }: Options): Promise<void> {
  const findings = await doctor({ http, envoy, seconds: time, send: send ?? null });
  process.stdout.write(json ? `${JSON.stringify({ findings }, null, 2)}\n` : report(findings));
  if (findings.some(({ verdict }) => verdict === 'wrong')) process.exitCode = 1;
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= LONGEST_SECONDS) return value;
  throw new InvalidArgumentError(`give seconds from 0 to ${LONGEST_SECONDS}`);
}
