// Standard output as it is in operation: a pipe whose reader may be slow, or gone.

import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { afterTest } from './support.js';

const SINK = new URL('../../src/observe/log/sink.ts', import.meta.url).href;

/** For a process that runs `body` with `sink` and `dropped()`, and reports on standard error. */
function argumentsFor(body: string): string[] {
  const source = `
    import { stdoutSink } from ${JSON.stringify(SINK)};
    let lost = 0;
    const sink = stdoutSink((lines) => { lost += lines; });
    const dropped = () => lost;
    const line = 'x'.repeat(999) + '\\n';
    ${body}`;
  return ['--import', 'tsx', '--input-type=module', '-e', source];
}

function child(body: string): ChildProcessByStdio<null, Readable, Readable> {
  const running = spawn(process.execPath, argumentsFor(body), { stdio: ['ignore', 'pipe', 'pipe'] });
  afterTest(() => running.kill('SIGKILL'));
  return running;
}

async function textOf(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}

describe('standard output', { timeout: 30_000 }, () => {
  it('gets every line, also those of the last moment', async () => {
    const running = child("for (let n = 0; n < 50; n++) sink.write(n + '\\n'); await sink.end(); process.exit(0);");
    const text = await textOf(running.stdout);
    expect(text.trim().split('\n')).toEqual(Array.from({ length: 50 }, (_, n) => String(n)));
  });

  it('gets nothing after the end, and says so', async () => {
    const running = child("sink.write('a\\n'); await sink.end(); sink.write('b\\n'); console.error(dropped());");
    const [text, lost] = await Promise.all([textOf(running.stdout), textOf(running.stderr)]);
    expect([text, lost]).toEqual(['a\n', '1\n']);
  });

  it('that nobody reads blocks nothing and holds a bounded backlog; the rest is counted', async () => {
    const running = child(`
      for (let n = 0; n < 20000; n++) sink.write(line);
      setTimeout(async () => {
        console.error(JSON.stringify({ lost: dropped() }));
        await sink.end();
        process.exit(3);
      }, 50);`);
    const [report, [code]] = await Promise.all([textOf(running.stderr), once(running, 'exit')]);
    // It waits for nobody: not for the reader, nor for a thread that does.
    expect(code).toBe(3);
    const { lost } = JSON.parse(report);
    // 20 MB were written; the pipe and one MiB of backlog hold less than 2,000 lines.
    expect(lost).toBeGreaterThan(18_000);
    expect(lost).toBeLessThan(20_000);
  });

  it('may be a file as well, which gets every line', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'sluice-log-')), 'log');
    afterTest(() => rmSync(dirname(path), { recursive: true }));
    const body = "for (let n = 0; n < 50; n++) sink.write(n + '\\n'); await sink.end(); process.exit(0);";
    execFileSync(process.execPath, argumentsFor(body), { stdio: ['ignore', openSync(path, 'w'), 'inherit'] });
    expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(50);
  });

  it('whose reader has gone does not end the process', async () => {
    const running = child(`
      console.error('up');
      let turns = 0;
      const timer = setInterval(() => {
        sink.write(line);
        if (dropped() === 0 && ++turns < 2000) return;
        clearInterval(timer);
        console.error(JSON.stringify({ lost: dropped() }));
        process.exit(7);
      }, 5);`);
    await once(running.stderr, 'data');
    running.stdout.destroy();
    const [report, [code]] = await Promise.all([textOf(running.stderr), once(running, 'exit')]);
    expect(code).toBe(7);
    expect(JSON.parse(report).lost).toBeGreaterThan(0);
  });
});
