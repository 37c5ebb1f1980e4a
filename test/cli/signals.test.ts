// Being asked to stop: at any moment of the start, twice, while nobody reads the log, and with time for others to notice.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { EnvoyClient } from '../server/support/client.js';
import { startChild } from '../support/child.js';
import { eventually } from '../support/eventually.js';
import { somePort } from '../support/ports.js';
import { MAIN_JS, type Sluice, startSluice } from '../support/sluice.js';
import { header, requestHeaders } from '../wire/support/bytes.js';

// Each test starts a process, and the machine may be busy with others.
vi.setConfig({ testTimeout: 40_000 });

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'sluice-signals-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function policyFile(): string {
  const path = join(directory(), 'policy.yaml');
  writeFileSync(path, '{}');
  return path;
}

/** Starts a process that runs `script` before anything of Sluice is loaded. */
async function startWith(script: string, args?: readonly string[]) {
  const addresses = ['--grpc', '127.0.0.1:0', '--http', '127.0.0.1:0'];
  const serve = ['serve', '--policy', policyFile(), ...addresses];
  const child = await startChild(process.execPath, [MAIN_JS, ...(args ?? serve)], {
    ...process.env,
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}`,
  });
  onTestFinished(() => child.signal('SIGKILL'));
  return child;
}

/** Ends as a Sluice that was asked to stop: a default action of the kernel's would give no status at all. */
async function stopped(child: Awaited<ReturnType<typeof startWith>>) {
  return { code: await child.exited(), stdout: child.stdout(), stderr: child.stderr() };
}

describe('a signal during the start', () => {
  it('is heard before anything but the command line is loaded, and ends it with status 0', async () => {
    const script = `
      import Module from 'node:module';
      const { on } = process;
      process.on = function (name, ...rest) {
        on.call(process, name, ...rest);
        if (name !== 'SIGTERM') return process;
        const loaded = Object.keys(Module._cache).filter((path) => /node_modules.(?!commander)/.test(path));
        process.stderr.write(JSON.stringify(loaded));
        process.kill(process.pid, 'SIGTERM');
        return process;
      };`;
    expect(await stopped(await startWith(script))).toEqual({ code: 0, stdout: '', stderr: '[]' });
  });

  it('while it begins to listen waits until that is done, and closes all of it again', async () => {
    const script = `
      import { Server } from 'node:net';
      const { listen } = Server.prototype;
      let first = true;
      Server.prototype.listen = function (...rest) {
        if (first) process.kill(process.pid, 'SIGTERM');
        first = false;
        return listen.apply(this, rest);
      };`;
    const { code, stdout, stderr } = await stopped(await startWith(script));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events).toEqual(['started', 'stopping', 'stopped']);
  });

  it('is nothing that any other command listens for: it ends as any program does', async () => {
    const script = "process.on('exit', () => process.stderr.write(String(process.listenerCount('SIGTERM'))));";
    expect(await stopped(await startWith(script, ['check', policyFile()]))).toMatchObject({ code: 0, stderr: '0' });
    expect((await stopped(await startWith(script, ['serve']))).stderr).toMatch(/1$/);
  });
});

async function running(args: readonly string[] = []): Promise<Sluice> {
  const sluice = await startSluice({ policy: {}, args });
  onTestFinished(() => sluice.kill());
  return sluice;
}

describe('a second signal', () => {
  it('ends at once what is still waiting for an open request', async () => {
    const sluice = await running(['--drain', '600']);
    const stream = new EnvoyClient(sluice.grpc).process();
    stream.send(requestHeaders([header(':path', '/a')]));
    await stream.answer();
    const ended = sluice.stop();
    await eventually(() => expect(sluice.logs().map(({ event }) => event)).toContain('stopping'));
    sluice.signal('SIGINT');
    expect(await ended).toBe(1);
  });
});

describe('standard output that nobody reads', () => {
  /** A pipe that is full, and that a write waits for. */
  function fullPipe(): number {
    const path = join(directory(), 'pipe');
    execFileSync('mkfifo', [path]);
    const filler = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    onTestFinished(() => closeSync(filler));
    try {
      for (;;) writeSync(filler, Buffer.alloc(4096));
    } catch (error) {
      expect(error).toMatchObject({ code: 'EAGAIN' });
    }
    return openSync(path, constants.O_WRONLY);
  }

  async function serveInto(output: number): Promise<{ readonly child: ChildProcess; readonly http: string }> {
    const http = `127.0.0.1:${await somePort()}`;
    const args = [MAIN_JS, 'serve', '--policy', policyFile(), '--grpc', '127.0.0.1:0', '--http', http];
    const child = spawn(process.execPath, args, { stdio: ['ignore', output, 'inherit'] });
    closeSync(output);
    onTestFinished(() => void child.kill('SIGKILL'));
    return { child, http };
  }

  it('does not keep it from serving, nor from ending', async () => {
    const { child, http } = await serveInto(fullPipe());
    await eventually(async () => expect((await fetch(`http://${http}/readyz`)).status).toBe(200), 20_000);
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });
});

describe('--drain-delay', () => {
  it('turns readiness first, and serves on for that long', async () => {
    const sluice = await running(['--drain-delay', '600']);
    const client = new EnvoyClient(sluice.grpc);
    const watch = client.watch(Buffer.alloc(0));
    expect((await watch.next()).toString('hex')).toBe('0801');
    sluice.signal('SIGTERM');
    expect((await watch.next()).toString('hex')).toBe('0802');
    expect((await sluice.fetch('/readyz')).status).toBe(503);
    expect((await sluice.fetch('/healthz')).status).toBe(200);
    // A connection of its own: it still accepts them.
    const stream = new EnvoyClient(sluice.grpc).process();
    stream.send(requestHeaders([header(':path', '/a')]));
    expect(await stream.answer()).toHaveProperty('requestHeaders');
    expect(await client.health('Check', Buffer.alloc(0))).toEqual(Buffer.from('0802', 'hex'));
  });

  it('is over in the end', async () => {
    const sluice = await running(['--drain-delay', '0.3']);
    expect(await sluice.stop()).toBe(0);
    expect(sluice.logs().map(({ event }) => event)).toEqual(['started', 'stopping', 'stopped']);
  });
});

describe('the start', () => {
  it('takes less than two seconds of processor time, which says more than the time on a busy machine', async () => {
    const seconds = (await (await running()).metrics()).metric('process_cpu_seconds_total');
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThan(2);
  });
});
