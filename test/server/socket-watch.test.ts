// A socket whose file is gone is there again before anybody needs it, and who is connected does not notice.

import { existsSync, mkdirSync, renameSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../support/eventually.js';
import { recorded } from '../wire/support/recorded.js';
import { EnvoyClient } from './support/client.js';
import { overEachTransport, socketDirectory } from './support/harness.js';

const [HEADERS = Buffer.alloc(0)] = recorded('ok', 'admission');

async function isAnswered(address: string): Promise<void> {
  const { send, answer, call } = new EnvoyClient(address).process();
  send(HEADERS);
  expect((await answer()).requestHeaders).toBeDefined();
  call.end();
}

overEachTransport((start) => {
  describe('a socket whose file is removed', () => {
    it('is there again with the mode that it had, is answered on, and is counted once', async () => {
      const path = join(socketDirectory(), 's.sock');
      const { restored, faults } = await start({ address: `unix:${path}`, socketMode: 0o600 });
      unlinkSync(path);
      await eventually(() => expect(restored).toHaveLength(1));
      expect(statSync(path).mode & 0o777).toBe(0o600);
      await isAnswered(`unix:${path}`);
      expect([restored.length, faults]).toEqual([1, []]);
    });

    it('keeps the streams that are open on it', async () => {
      const path = join(socketDirectory(), 's.sock');
      const { restored } = await start({ address: `unix:${path}` });
      const open = new EnvoyClient(`unix:${path}`).process();
      open.send(HEADERS);
      await open.answer();
      unlinkSync(path);
      await eventually(() => expect(restored).toHaveLength(1));
      open.send(HEADERS);
      expect((await open.answer()).requestHeaders).toBeDefined();
      open.call.end();
    });

    it('is made anew as often as it is removed', async () => {
      const path = join(socketDirectory(), 's.sock');
      const { restored } = await start({ address: `unix:${path}` });
      for (let times = 1; times <= 3; times += 1) {
        unlinkSync(path);
        await eventually(() => expect(restored).toHaveLength(times));
        await isAnswered(`unix:${path}`);
      }
    });

    it('with its directory is a fault until the directory is there again', async () => {
      const directory = join(socketDirectory(), 'run');
      mkdirSync(directory);
      const path = join(directory, 's.sock');
      const { restored, faults } = await start({ address: `unix:${path}` });
      rmSync(directory, { recursive: true });
      await eventually(() => expect(faults.length).toBeGreaterThan(1));
      expect(new Set(faults.map(({ place }) => place))).toEqual(new Set(['socket']));
      expect(restored).toEqual([]);
      mkdirSync(directory);
      await eventually(() => expect(restored).toHaveLength(1));
      await isAnswered(`unix:${path}`);
    });

    it('stays away once the server drains', async () => {
      const path = join(socketDirectory(), 's.sock');
      const { server, restored } = await start({ address: `unix:${path}` });
      await server.drain(1_000);
      expect([existsSync(path), restored]).toEqual([false, []]);
    });
  });

  it('a socket that somebody else put in the place of ours is left alone', async () => {
    const path = join(socketDirectory(), 's.sock');
    const { restored, faults } = await start({ address: `unix:${path}` });
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(`${path}.other`, resolve));
    onTestFinished(() => void other.close());
    renameSync(`${path}.other`, path);
    const { ino } = statSync(path);
    // Long enough for a look: ours would be made anew by then.
    const second = join(socketDirectory(), 's.sock');
    const looked = await start({ address: `unix:${second}` });
    unlinkSync(second);
    await eventually(() => expect(looked.restored).toHaveLength(1));
    expect([statSync(path).ino, restored, faults]).toEqual([ino, [], []]);
  });
});
