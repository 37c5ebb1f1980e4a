// Where lines go. Standard output may be a pipe that nobody reads: writing never waits for it, the backlog is
// bounded, and what does not fit is counted.

import { destination } from 'pino';

export interface Sink {
  write(line: string): void;
  /** Writes what is still waiting, or gives up after a second; called once, last. Never rejects. */
  end(): Promise<void>;
}

const STDOUT = 1;
/** Of waiting lines, in bytes. */
const MAX_BACKLOG = 1 << 20;
const END_WITHIN_MS = 1000;

/** `dropped` is told for each line that is lost. */
export function stdoutSink(dropped: (lines: number) => void): Sink {
  const stream = destination({ dest: STDOUT, sync: false, maxLength: MAX_BACKLOG });
  // A reader that has gone away (EPIPE) must not end the process.
  stream.on('error', () => dropped(1));
  stream.on('drop', () => dropped(1));
  let ended = false;
  return {
    write: (line) => {
      if (ended) dropped(1);
      else stream.write(line);
    },
    end: () => {
      ended = true;
      return closed(stream);
    },
  };
}

/** Not `flushSync`: it overtakes a write that is under way, and so changes the order of the last lines. */
function closed(stream: ReturnType<typeof destination>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, END_WITHIN_MS);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    stream.once('close', done);
    stream.once('error', done);
    stream.end();
  });
}
