// One request from Envoy's bytes to ours and back to nothing held: HTTP/2 frames, gRPC messages, decision, both phases, both
// log entries. Only the kernel is missing.

import type { Engine } from '../../../src/core/engine.js';
import { AdmissionHandler } from '../../../src/handlers/admission.js';
import { OpenLogs } from '../../../src/server/h2/access-log-call.js';
import { FrameReader } from '../../../src/server/h2/frame-reader.js';
import { LIMITS } from '../../../src/server/h2/limits.js';
import { Output } from '../../../src/server/h2/output.js';
import { FLAG } from '../../../src/server/h2/protocol.js';
import { router } from '../../../src/server/h2/services.js';
import { Session } from '../../../src/server/h2/session.js';
import { HealthBoard } from '../../../src/server/health-board.js';
import type { TransportHooks } from '../../../src/server/hooks.js';
import { data, HELLO, open, SETTINGS_ACK, settings, windowUpdate } from '../../server/h2/support/frames.js';
import { CLUSTER, REQUEST, RESPONSE } from '../system/messages.js';
import { cpuNs, GOOD, sidecar } from './sidecar.js';

/** Requests whose messages come in one read, as from a busy Envoy. */
const BATCH = 8;
const REQUESTS = 20_000;
const INITIAL_WINDOW = 4;
const WIDE = 2 ** 30;

/** What Envoy sends for one batch after the other: three reads each. Made once, as making it costs more than answering. */
const READS = reads();

function reads(): Buffer[] {
  const all: Buffer[] = [];
  for (let first = 0; first < REQUESTS; first += BATCH) {
    const ids = Array.from({ length: BATCH }, (_, i) => 2 * (first + i) + 1);
    all.push(Buffer.concat(ids.flatMap((id) => [open(id), data(id, REQUEST)])));
    all.push(Buffer.concat(ids.map((id) => data(id, RESPONSE))));
    all.push(Buffer.concat(ids.map((id) => data(id, '', FLAG.endStream))));
  }
  return all;
}

/** Gives a function that gives the nanoseconds of processor time of one request, the mean of many. */
export function wholeRequest(): () => number {
  const { engine, metrics, deps } = sidecar(100);
  let ids: string[] = [];
  const hooks: TransportHooks = {
    streamOpened() {},
    streamClosed() {},
    decided: (role, seconds) => metrics.decisionTook(role, seconds * 1000),
    logEnded() {},
    socketRestored() {},
    traceArrived() {},
    refused() {},
    fault: (place, error) => {
      throw new Error(`a fault at ${place}`, { cause: error });
    },
  };
  const route = router({
    process: {
      hooks,
      openStream: (_role, send) =>
        new AdmissionHandler(deps, (instruction) => {
          if (instruction.kind === 'continue_request') ids.push(instruction.headers.set[0]?.[1] ?? '');
          send(instruction);
        }),
    },
    logs: { traced() {}, hooks },
    openLogs: new OpenLogs(),
    health: new HealthBoard(() => true),
  });
  // The connection stays when its requests are over, as Envoy's does.
  let connection: FrameReader;
  return () => {
    let written = 0;
    const write = (bytes: Uint8Array | string) => {
      written += bytes.length;
      return true;
    };
    const output = new Output({ write, writableLength: 0 });
    const fail = (error: Error) => {
      throw error;
    };
    const session = new Session(
      output,
      { flush() {}, emptied() {}, fail },
      { limits: LIMITS, route, now: deps.now, refused() {} },
    );
    connection = new FrameReader(session);
    connection.read(Buffer.concat([HELLO, settings([INITIAL_WINDOW, WIDE]), SETTINGS_ACK, windowUpdate(0, WIDE)]));
    const start = cpuNs();
    for (const [index, bytes] of READS.entries()) {
      connection.read(bytes);
      output.flush();
      if (index % 3 < 2) continue;
      for (const id of ids) trace(engine, id);
      ids = [];
    }
    const spent = cpuNs() - start;
    if (engine.openSessions !== 0) throw new Error(`${engine.openSessions} sessions were left open`);
    if (written < REQUESTS) throw new Error(`only ${written} bytes were answered`);
    return spent / REQUESTS;
  };
}

function trace(engine: Engine, id: string): void {
  engine.traced({ kind: 'attempt', id, attempt: 1, cluster: CLUSTER, evidence: GOOD }, performance.now());
  engine.traced(
    { kind: 'request', id, cluster: CLUSTER, evidence: GOOD, clientStatus: 200, attempts: 1 },
    performance.now(),
  );
}
