// The fuzzer's command line.

import { Command, CommanderError } from 'commander';

export interface FuzzOptions {
  readonly messages: number;
  readonly seed: number;
}

/** @throws CommanderError: help was printed (exitCode 0), or the usage is wrong (told on stderr; exitCode 1). */
export function readOptions(args: readonly string[]): FuzzOptions {
  return new Command('npm run fuzz --')
    .description(
      'Changed messages, policy files and HTTP requests, against all of Sluice; checks for crashes, hangs and growth.',
    )
    .option(
      '--messages <number>',
      'messages of Envoy; of policy files and HTTP requests a part of it',
      whole,
      10_000_000,
    )
    .option('--seed <number>', 'repeats a run (default: by the clock)', whole, Date.now() % 1_000_000_000)
    .helpOption('-h, --help', 'print this help')
    .allowExcessArguments(false)
    .exitOverride()
    .parse([...args], { from: 'user' })
    .opts<FuzzOptions>();
}

function whole(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new CommanderError(2, 'fuzz.number', `'${text}' is no whole number above 0`);
}
