// The soak's command line.

import { Command, CommanderError } from 'commander';

export interface SoakOptions {
  readonly minutes: number;
  /** File for a plot of the memory; null: none. */
  readonly plot: string | null;
}

/** @throws CommanderError: help was printed (exitCode 0), or the usage is wrong (told on stderr; exitCode 1). */
export function readOptions(args: readonly string[]): SoakOptions {
  const command = new Command('npm run soak --')
    .description(
      'Faults of every kind, one after the other, under load through a real Envoy; then memory, drift and leaks.',
    )
    .option('--minutes <number>', 'how long, from 1 to 1440', minutes, 30)
    .option('--plot <file>', 'write a plot of the memory there, SVG')
    .helpOption('-h, --help', 'print this help')
    .allowExcessArguments(false)
    .exitOverride();
  const given = command.parse([...args], { from: 'user' }).opts<{ minutes: number; plot?: string }>();
  return { minutes: given.minutes, plot: given.plot ?? null };
}

function minutes(text: string): number {
  const value = Number(text);
  if (value >= 1 && value <= 1440) return value;
  throw new CommanderError(2, 'soak.minutes', `'${text}' is no time; give minutes from 1 to 1440`);
}
