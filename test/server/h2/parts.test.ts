// The small parts, each on its own.

import { describe, expect, it } from 'vitest';
import { BlockCache } from '../../../src/server/h2/block-cache.js';
import { HpackDecoder } from '../../../src/server/h2/hpack/decoder.js';
import { Output } from '../../../src/server/h2/output.js';
import { Budget } from '../../../src/server/h2/rate.js';
import { trailersOnlyBlock } from '../../../src/server/h2/status.js';
import { StreamTable } from '../../../src/server/h2/stream-table.js';
import { frame } from './support/frames.js';

describe('a budget', () => {
  const rate = { burst: 10, perSecond: 5, perMessage: 2 };
  const takeAll = (budget: Budget) => {
    let taken = 0;
    while (budget.take()) taken++;
    return taken;
  };

  it('is spent, and refills with time up to its burst', () => {
    let nowMs = 1_000;
    const budget = new Budget(rate, () => nowMs);
    expect(takeAll(budget)).toBe(10);
    nowMs += 999;
    expect(takeAll(budget)).toBe(4);
    nowMs += 1;
    expect(takeAll(budget)).toBe(1);
    nowMs += 3_600_000;
    expect(takeAll(budget)).toBe(10);
  });

  it('is earned by work, up to its burst', () => {
    const budget = new Budget(rate, () => 0);
    expect(takeAll(budget)).toBe(10);
    budget.worked();
    expect(takeAll(budget)).toBe(2);
    for (let i = 0; i < 100; i++) budget.worked();
    expect(takeAll(budget)).toBe(10);
  });
});

describe('the cache of header blocks', () => {
  const bytes = (text: string) => Buffer.from(text);
  const add = (cache: BlockCache<string>, text: string) => cache.add(bytes(text), 0, text.length, text.toUpperCase());
  const find = (cache: BlockCache<string>, text: string) => cache.find(bytes(text), 0, text.length);

  it('finds by content, wherever it lies', () => {
    const cache = new BlockCache<string>();
    add(cache, 'one');
    expect(cache.find(bytes('..one..'), 2, 5)).toBe('ONE');
    expect([find(cache, 'two'), find(cache, 'on'), find(cache, 'onee')]).toEqual([undefined, undefined, undefined]);
  });

  it('keeps its own copy', () => {
    const cache = new BlockCache<string>();
    const block = bytes('one');
    cache.add(block, 0, 3, 'ONE');
    block.fill(0);
    expect(find(cache, 'one')).toBe('ONE');
  });

  it('keeps the blocks that repeat, however many others come', () => {
    const cache = new BlockCache<string>();
    for (const text of ['admission', 'gate', 'judge']) add(cache, text);
    for (let i = 0; i < 1_000; i++) {
      add(cache, `other ${i}`);
      expect(find(cache, 'gate')).toBe('GATE');
    }
    expect([find(cache, 'admission'), find(cache, 'judge')]).toEqual(['ADMISSION', 'JUDGE']);
    expect([find(cache, 'other 999'), find(cache, 'other 998')]).toEqual(['OTHER 999', undefined]);
  });

  it('does not keep what is very long', () => {
    const cache = new BlockCache<string>();
    add(cache, 'x'.repeat(4_097));
    expect(find(cache, 'x'.repeat(4_097))).toBeUndefined();
    add(cache, 'x'.repeat(4_096));
    expect(find(cache, 'x'.repeat(4_096))).toBeDefined();
  });
});

describe('the output', () => {
  class FakeSocket {
    readonly written: Buffer[] = [];
    writableLength = 0;
    write(bytes: Buffer): boolean {
      this.written.push(bytes);
      return true;
    }
  }

  function text(output: Output, payload: string): void {
    output.frame(payload.length, 0, 1, 3);
    output.bytes(Buffer.from(payload));
  }

  it('writes everything at once, when it is told to, and nothing twice', () => {
    const socket = new FakeSocket();
    const output = new Output(socket);
    text(output, 'one');
    text(output, 'two');
    expect(socket.written).toEqual([]);
    output.flush();
    output.flush();
    expect(socket.written).toEqual([Buffer.concat([frame(0, 1, 3, 'one'), frame(0, 1, 3, 'two')])]);
  });

  it('grows with what it is given', () => {
    const socket = new FakeSocket();
    const output = new Output(socket);
    const payload = 'x'.repeat(16_000);
    for (let i = 0; i < 100; i++) text(output, payload);
    expect(output.unsentBytes).toBe(100 * 16_009);
    output.flush();
    expect(socket.written[0]?.length).toBe(100 * 16_009);
    expect(socket.written[0]?.subarray(99 * 16_009)).toEqual(frame(0, 1, 3, payload));
  });

  it('leaves alone what the kernel has not taken yet', () => {
    const socket = new FakeSocket();
    const output = new Output(socket);
    text(output, 'slow');
    socket.writableLength = 13;
    output.flush();
    text(output, 'next');
    output.flush();
    expect(socket.written[0]).toEqual(frame(0, 1, 3, 'slow'));
    expect(output.unsentBytes).toBe(13);
  });
});

describe('the table of streams', () => {
  it('tells why there is no stream', () => {
    const table = new StreamTable();
    table.lastId = 9;
    for (const [id, byUs] of [
      [3, true],
      [5, false],
    ] as const)
      table.remove(id, byUs);
    expect([3, 5, 7, 11, 4].map((id) => table.absence(id))).toEqual([
      'closed_by_us',
      'closed_by_peer',
      'forgotten',
      'idle',
      'idle',
    ]);
  });

  it('forgets the oldest of those that are closed', () => {
    const table = new StreamTable();
    table.lastId = 10_001;
    for (let id = 1; id <= 2_049; id += 2) table.remove(id, true);
    expect([1, 3, 2_049].map((id) => table.absence(id))).toEqual(['forgotten', 'closed_by_us', 'closed_by_us']);
  });
});

describe('a gRPC message for people', () => {
  const messageOf = (text: string) => {
    const block = trailersOnlyBlock(3, text);
    return new Map(new HpackDecoder(1e6).decode(block, 0, block.length).headers).get('grpc-message');
  };

  it('is percent-encoded, byte by byte', () => {
    expect(messageOf('100 % "ok"\n')).toBe('100 %25 "ok"%0A');
    expect(messageOf('Grüße')).toBe('Gr%C3%BC%C3%9Fe');
  });

  it('is cut where it is long', () => {
    expect(messageOf('x'.repeat(5_000))?.length).toBe(1_024);
  });
});
