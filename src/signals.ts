// A signal may come at any moment, also while the program is still being loaded. As process 1 of a container it would then
// be lost, and the pod would wait for its whole grace period; anywhere else it would look like a crash. So this module is
// the first that the program loads, and it needs no other.

export type Stop = (signal: string) => Promise<void>;

/** Only the server is asked to stop: other commands end by a signal as any program does. */
const SERVES = process.argv[2] === 'serve';
const STOPPED = 0;
const FAILED = 1;

let stop: Stop | null = null;
let stopping = false;

/** From now on there is something to stop. Until then a signal ends the process, with status 0: it was asked to. */
export function stopWith(how: Stop): void {
  stop = how;
}

function onSignal(signal: string): void {
  // Who asks a second time does not want to wait.
  if (stopping) process.exit(FAILED);
  stopping = true;
  if (stop === null) process.exit(STOPPED);
  stop(signal).then(
    () => process.exit(STOPPED),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(FAILED);
    },
  );
}

if (SERVES) {
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
