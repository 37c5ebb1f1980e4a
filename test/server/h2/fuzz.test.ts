// Sessions as Envoy has them, mutated: nothing may crash, hang, leave a call open or keep memory. The seed is fixed, so
// that what fails fails again; H2_FUZZ_RUNS asks for more.

import { describe, expect, it } from 'vitest';
import { ANSWERED, type Call } from '../../../src/server/h2/call.js';
import { ConnectionError } from '../../../src/server/h2/errors.js';
import { FrameReader } from '../../../src/server/h2/frame-reader.js';
import { LIMITS } from '../../../src/server/h2/limits.js';
import { Output } from '../../../src/server/h2/output.js';
import { CODE, FLAG, FRAME, PREFACE } from '../../../src/server/h2/protocol.js';
import { Session } from '../../../src/server/h2/session.js';
import { eventually } from '../../support/eventually.js';
import { type Below, generator } from '../../support/generator.js';
import { recorded } from '../../wire/support/recorded.js';
import { start } from './support/direct.js';
import {
  data,
  frame,
  HELLO,
  message,
  open,
  ping,
  reset,
  SETTINGS_ACK,
  settings,
  windowUpdate,
} from './support/frames.js';
import { greeted, Peer } from './support/peer.js';

const RUNS = Number(process.env.H2_FUZZ_RUNS ?? 3_000);
const LOGS = { ':path': '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs', 'x-sluice-role': null };

/** What Envoy says in one connection, frame by frame. */
function envoySession(): Buffer[] {
  const frames = [settings([3, 100], [4, 65_536]), SETTINGS_ACK, windowUpdate(0, 1_000_000), open(1, LOGS)];
  let id = 3;
  for (const role of ['admission', 'gate', 'judge'] as const) {
    for (const scenario of ['ok', 'retry'] as const) {
      frames.push(open(id, { 'x-sluice-role': role }));
      for (const bytes of messagesOf(scenario)) frames.push(data(id, message(bytes)));
      frames.push(id % 4 === 1 ? reset(id) : data(id, '', FLAG.endStream));
      id += 2;
    }
  }
  for (const bytes of recorded('ok', 'log')) frames.push(data(1, message(bytes)));
  frames.push(ping(), frame(FRAME.priority, 0, 5, '\0\0\0\x01\x10'), frame(FRAME.goaway, 0, 0, Buffer.alloc(8)));
  return frames;
}

function messagesOf(scenario: 'ok' | 'retry'): Buffer[] {
  return scenario === 'ok' ? recorded('ok', 'admission') : [...recorded('ok', 'admission')].reverse();
}

function flipBit(bytes: Buffer, bit: number): void {
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
}

function mutate(frames: Buffer[], below: Below): void {
  const at = below(frames.length);
  const target = Buffer.from(frames[at] ?? '');
  // Cut off before.
  if (target.length < 9) return;
  switch (below(9)) {
    case 0: // a bit
      flipBit(target, below(target.length * 8));
      break;
    case 1: // a byte of the head: length, type, flags, stream
      target[below(9)] = below(256);
      break;
    case 2:
      target.writeUInt32BE(below(12), 5);
      break;
    case 3:
      frames.splice(at, 1);
      return;
    case 4:
      frames.splice(below(frames.length), 0, target);
      return;
    case 5: {
      const [moved] = frames.splice(at, 1);
      if (moved !== undefined) frames.splice(below(frames.length + 1), 0, moved);
      return;
    }
    case 6:
      frames[at] = target.subarray(0, below(target.length));
      return;
    case 7:
      frames.splice(
        at,
        0,
        frame(below(12), below(256), below(14), Buffer.from(Array.from({ length: below(40) }, () => below(256)))),
      );
      return;
    default:
      target[3] = below(11);
  }
  frames[at] = target;
}

interface Outcome {
  readonly code: number | null;
  readonly open: number;
  readonly held: number;
  readonly written: number;
}

/** One connection from its first byte to its last, without a socket. */
function run(bytes: Buffer, below: Below): Outcome {
  let [opened, ended, written] = [0, 0, 0];
  let code: number | null = null;
  const output = new Output({
    writableLength: 0,
    write: (out: Buffer) => {
      written += out.length;
      return true;
    },
  });
  const fail = (error: ConnectionError) => {
    code = error.code;
    session.close(error.code, error.message);
  };
  const route =
    () =>
    (responder: { send(bytes: Buffer): void; end(): void }): Call => {
      opened++;
      return {
        ...ANSWERED,
        message: (got, start, end) => responder.send(got.subarray(start, Math.min(end, start + 100))),
        halfClosed: () => responder.end(),
        closed: () => void ended++,
      };
    };
  const host = { flush: () => output.flush(), fail, emptied: () => undefined };
  const session = new Session(output, host, { limits: LIMITS, route, refused: () => undefined, now: () => 0 });
  const reader = new FrameReader(session);
  try {
    for (let at = 0; at < bytes.length; ) {
      const size = 1 + below(4_000);
      reader.read(bytes.subarray(at, at + size));
      at += size;
    }
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    fail(error);
  }
  session.abandon();
  output.flush();
  return { code, open: opened - ended, held: session.held.bytes, written };
}

describe('mutated sessions', () => {
  it('end every call once, keep nothing, and fail as HTTP/2 knows how to', () => {
    const below = generator(8);
    const codes = new Map<number | null, number>();
    for (let i = 0; i < RUNS; i++) {
      const frames = envoySession();
      for (let left = below(6); left > 0; left--) mutate(frames, below);
      const outcome = run(Buffer.concat([PREFACE, ...frames]), below);
      expect(outcome, `run ${i}`).toMatchObject({ open: 0, held: 0 });
      expect(outcome.written, `run ${i}`).toBeLessThan(100_000);
      codes.set(outcome.code, (codes.get(outcome.code) ?? 0) + 1);
    }
    // It must reach both ends of the code: sessions that survive, and most ways to fail.
    expect(codes.get(null)).toBeGreaterThan(RUNS / 20);
    for (const code of [CODE.protocolError, CODE.frameSizeError, CODE.compressionError, CODE.streamClosed]) {
      expect(codes.get(code), `sessions that ended with ${code}`).toBeGreaterThan(0);
    }
  }, 120_000);

  it('of nothing but noise do as well', () => {
    const below = generator(9);
    for (let i = 0; i < RUNS; i++) {
      const noise = Buffer.from(Array.from({ length: below(400) }, () => below(256)));
      expect(run(Buffer.concat([HELLO, noise]), below)).toMatchObject({ open: 0, held: 0 });
    }
  }, 120_000);

  it('leave a running server as it was, beside a connection that goes on', async () => {
    const below = generator(10);
    const { server, opened, closed } = await start();
    const bystander = await greeted(server.address);
    for (let i = 0; i < 200; i++) {
      const frames = envoySession();
      for (let left = below(6); left > 0; left--) mutate(frames, below);
      const peer = new Peer(server.address);
      peer.send(PREFACE, ...frames);
      peer.socket.end();
      await peer.closed();
    }
    bystander.send(open(1), data(1, message(recorded('ok', 'admission')[0] ?? Buffer.alloc(0))));
    expect((await bystander.answerOf(1)).length).toBeGreaterThan(0);
    bystander.send(reset(1));
    await bystander.said();
    await eventually(() => expect(closed.length).toBe(opened.length));
  }, 120_000);
});
