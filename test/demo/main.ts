// `npm run demo`: sets the scene, sends traffic, tells the story, and takes everything down again, however it ends.

import { CommanderError } from 'commander';
import type { Mesh } from '../support/mesh.js';
import { type DemoOptions, readOptions } from './options.js';
import { setScene } from './scene.js';
import { runShow } from './show.js';

const SECOND_SIGNAL_AFTER_MS = 1_000;

/** Aborted by the first SIGINT or SIGTERM; another one, later, ends the process at once. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  let firstAtMs = 0;
  const onSignal = () => {
    // npm passes on what the terminal has sent already: that is no second Ctrl-C.
    if (stop.signal.aborted && performance.now() - firstAtMs > SECOND_SIGNAL_AFTER_MS) process.exit(1);
    if (!stop.signal.aborted) firstAtMs = performance.now();
    stop.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('SIGHUP', onSignal);
  // The reader of a pipe has gone, as `head` does.
  process.stdout.on('error', onSignal);
  return stop.signal;
}

/** The exit status. */
async function demo(options: DemoOptions, signal: AbortSignal): Promise<number> {
  let mesh: Mesh | undefined;
  try {
    mesh = await setScene(options, signal);
    if (signal.aborted) return 0;
    return await runShow(mesh, options, signal);
  } catch (error) {
    // What broke because we are being stopped is no error: a Ctrl-C goes to Envoy and Sluice as well.
    if (signal.aborted) return 0;
    process.stderr.write(`error: ${wordsOf(error)}\n`);
    return 1;
  } finally {
    await mesh?.[Symbol.asyncDispose]();
  }
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}\n  because: ${wordsOf(error.cause)}`;
}

function optionsOrExit(): DemoOptions {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'demo.port') process.stderr.write(`error: ${error.message}\n`);
    process.exit(error.exitCode === 0 ? 0 : 2);
  }
}

const options = optionsOrExit();
process.exitCode = await demo(options, stopSignal());
// Signal handlers and what a stopped mesh leaves open must not keep the process.
process.exit();
