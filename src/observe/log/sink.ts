// Where lines go. Standard output may be a pipe that nobody reads: writing never waits for it, nor does the end of the
// process; the backlog is bounded, and what does not fit is counted.

import { fstatSync } from 'node:fs';
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
  return isPipe() ? pipeSink(dropped) : fileSink(dropped);
}

function isPipe(): boolean {
  const stat = fstatSync(STDOUT);
  return stat.isFIFO() || stat.isSocket();
}

/** By the event loop: a thread that writes to a pipe would wait in the kernel, and the process, at its end, for the thread. */
function pipeSink(dropped: (lines: number) => void): Sink {
  const stream = process.stdout;
  let ended = false;
  // A reader that has gone away (EPIPE) must not end the process.
  stream.on('error', () => dropped(1));
  return {
    write: (line) => {
      if (ended || stream.destroyed || stream.writableLength > MAX_BACKLOG) dropped(1);
      else stream.write(line);
    },
    end: () => {
      ended = true;
      // Its callback comes after those of all lines before it.
      return withinTime((done) => {
        if (stream.destroyed) done();
        else stream.write('', done);
      });
    },
  };
}

/** By a thread: a file, or a disk, never makes one wait for good. */
function fileSink(dropped: (lines: number) => void): Sink {
  const stream = destination({ dest: STDOUT, sync: false, maxLength: MAX_BACKLOG });
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
      // Not `flushSync`: it overtakes a write that is under way, and so changes the order of the last lines.
      return withinTime((done) => {
        stream.once('close', done);
        stream.once('error', done);
        stream.end();
      });
    },
  };
}

function withinTime(work: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, END_WITHIN_MS);
    work(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
