// Where lines go. Standard output may be a pipe that nobody reads: writing never waits for it, the backlog is
// bounded, and what does not fit is counted.

import { destination } from 'pino';

export interface Sink {
  write(line: string): void;
  /** Writes what is still waiting; called once, before the process ends. */
  flush(): void;
}

const STDOUT = 1;
/** Of waiting lines, in bytes. */
const MAX_BACKLOG = 1 << 20;

/** `dropped` is told for each line that is lost. */
export function stdoutSink(dropped: (lines: number) => void): Sink {
  const stream = destination({ dest: STDOUT, sync: false, maxLength: MAX_BACKLOG });
  // A reader that has gone away (EPIPE) must not end the process.
  stream.on('error', () => dropped(1));
  stream.on('drop', () => dropped(1));
  return {
    write: (line) => {
      stream.write(line);
    },
    flush: () => stream.flushSync(),
  };
}
