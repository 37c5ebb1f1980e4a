import { describe, expect, it } from 'vitest';
import { LOG_EVENTS, LOG_LEVELS, Logger } from '../../src/observe/logger.js';
import { aFailure, aLogger, anAttempt, aRecord, aTransition, Clock, type Line, Lines, toIso } from './support.js';

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** One line of each kind. */
function writeAll(logger: Logger): void {
  logger.started({ version: '1', grpc: '127.0.0.1:9002', http: '127.0.0.1:9003', policy: 'policy.yaml' });
  logger.policyApplied('policy.yaml', 1);
  logger.policyRejected('policy.yaml', ['defaults.retry: bad']);
  logger.policyWarning('policy.yaml', 'maxRetries 5 is above the ceiling 3');
  logger.transition(aTransition());
  logger.transition(aTransition({ from: 'open', to: 'half_open', reason: 'open_time_over', retryAtMs: null }));
  logger.circuitSet('primary', null, 'forced_open');
  logger.adminRefused('bad_token');
  logger.disturbed('stalled');
  logger.rerouteIgnored(aRecord({ decision: 'reroute' }));
  logger.answered(aRecord(), 'primary', 'circuit_open');
  logger.finished(aRecord({ attempts: [aFailure(), anAttempt({ attempt: 2 })], result: 'success' }));
  logger.fault('decision', new Error('broken'));
  logger.tlsApplied('cert.pem');
  logger.tlsExpiring('tls.crt', 0, true);
  logger.tlsRejected('cert.pem', new Error('no certificate in it'));
  logger.stateRestored('state', 3, 1, 1200);
  logger.stateIgnored('state', 'damaged', 'its checksum is another');
  logger.stateSaveFailed('state', new Error('disk full'));
  logger.stopping('SIGTERM');
  logger.stopped();
}

function only(lines: Line[]): Line {
  expect(lines).toHaveLength(1);
  return lines[0] ?? {};
}

describe('a line', () => {
  it('is one of LOG_EVENTS, with its level, a message, an ISO time and exactly the fields listed there', () => {
    const { logger, lines, clock } = aLogger({ linesPerSecond: 1 });
    writeAll(logger);
    logger.answered(aRecord(), 'primary', 'circuit_open');
    clock.ms += 1000;
    logger.summarise();
    const seen = new Set<unknown>();
    for (const { level, time, msg, event, ...fields } of lines.all) {
      seen.add(event);
      const entry = Object.entries(LOG_EVENTS).find(([name]) => name === event)?.[1];
      expect([event, level]).toEqual([event, entry?.level]);
      expect(time).toMatch(ISO);
      expect(msg).toBeTypeOf('string');
      expect(Object.keys(fields).sort()).toEqual([...(entry?.fields ?? ['?'])].sort());
    }
    expect([...seen].sort()).toEqual(Object.keys(LOG_EVENTS).sort());
  });

  it('is written as one line of JSON, whatever is in it', () => {
    const { logger, lines } = aLogger();
    const path = '/a\n{"level":"fatal"}\r\u2028b';
    logger.answered(aRecord({ path, method: 'GE\nT', route: 'r\x1b[2J' }), 'clu\nster', 'circuit_open');
    logger.finished(aRecord({ attempts: [aFailure({ message: 'bad\nwords\0' }), anAttempt()] }));
    logger.fault('trace', new Error('multi\nline'));
    for (const raw of lines.raw) expect(raw.trimEnd()).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
    expect(lines.of('request_answered')[0]?.path).toBe('/a\\u{a}{"level":"fatal"}\\u{d}\\u{2028}b');
  });

  it('is cut where a text of others is long', () => {
    const { logger, lines } = aLogger();
    const long = 'x'.repeat(100_000);
    const attempts = [aFailure({ message: long, cluster: long, host: long }), anAttempt({ attempt: 2 })];
    logger.finished(aRecord({ id: long, path: long, method: long, route: long, cluster: long, attempts }));
    logger.fault('trace', new Error(long));
    for (const raw of lines.raw) expect(raw.length).toBeLessThan(4000);
  });

  it('never holds a query string', () => {
    const { logger, lines } = aLogger();
    logger.answered(aRecord({ path: '/pay?token=secret' }), 'primary', 'deadline');
    logger.finished(aRecord({ path: '/pay#secret', attempts: [aFailure(), anAttempt()] }));
    expect(lines.raw.join('')).not.toContain('secret');
    expect(lines.all.map(({ path }) => path)).toEqual(['/pay', '/pay']);
  });

  it('never tells of a healthy request', () => {
    const { logger, lines } = aLogger({ level: 'debug' });
    logger.finished(aRecord({ attempts: [anAttempt()], result: 'success', status: 200, endedAtMs: 3 }));
    logger.finished(aRecord({ attempts: [aFailure()], result: 'failure' }));
    expect(lines.raw).toEqual([]);
  });
});

describe('transitions', () => {
  it('are told with reason, figures and the time of the next probe; opening is a warning', () => {
    const { logger, lines } = aLogger();
    logger.transition(aTransition());
    expect(only(lines.all)).toMatchObject({
      level: 'warn',
      event: 'circuit_opened',
      cluster: 'primary',
      from: 'closed',
      to: 'open',
      reason: 'failure_ratio',
      requests: 10,
      failures: 5,
      ratio: 0.5,
      slowRatio: 0.1,
      streak: 3,
      retryAt: '2026-01-02T03:04:11.000Z',
    });
  });

  it('that force a circuit open are warnings, all others are not', () => {
    const { logger, lines } = aLogger();
    for (const to of ['forced_open', 'half_open', 'recovering', 'closed', 'disabled'] as const) {
      logger.transition(aTransition({ to, retryAtMs: null }));
    }
    expect(lines.all.map(({ level }) => level)).toEqual(['warn', 'info', 'info', 'info', 'info']);
    expect(lines.all.map(({ retryAt }) => retryAt)).toEqual([null, null, null, null, null]);
  });

  it('are never limited', () => {
    const { logger, lines } = aLogger({ linesPerSecond: 1, totalLinesPerSecond: 1 });
    for (let n = 0; n < 50; n++) logger.transition(aTransition());
    expect(lines.raw).toHaveLength(50);
  });
});

describe('R14: a retried request', () => {
  it('is told with every attempt: host, cluster, stage, error kind, message; and the result', () => {
    const { logger, lines } = aLogger();
    const attempts = [aFailure(), anAttempt({ attempt: 2, cluster: 'secondary', host: '10.0.0.2:80', waitMs: 25 })];
    const record = aRecord({ id: 'abc', attempts, result: 'success', status: 200 });
    logger.finished(record);
    const line = only(lines.of('request_retried'));
    expect(line).toMatchObject({ id: 'abc', result: 'success', status: 200, cluster: 'primary', notRetried: null });
    expect(line.attempts).toMatchObject([
      {
        attempt: 1,
        cluster: 'primary',
        host: '10.0.0.1:80',
        stage: 'connect',
        error: 'connection_refused',
        message: 'delayed connect error: Connection refused',
      },
      { attempt: 2, cluster: 'secondary', host: '10.0.0.2:80', stage: 'response', error: null, waitMs: 25 },
    ]);
  });

  it('tells why Sluice answered it, and why it was not retried again', () => {
    const { logger, lines } = aLogger();
    const attempts = [aFailure(), aFailure({ attempt: 2 })];
    const why = { result: 'refused', reason: 'retry_budget', notRetried: 'retry_budget' } as const;
    logger.finished(aRecord({ id: 'abc', attempts, status: 503, ...why }));
    expect(only(lines.of('request_retried'))).toMatchObject({ id: 'abc', ...why });
  });
});

describe('every line about a request', () => {
  const TOLD = ['request_answered', 'request_retried', 'reroute_ignored'] as const;

  it('has a field for its id, and one for a reason', () => {
    const aboutRequests = Object.entries(LOG_EVENTS).filter(([, { fields }]) => new Set<string>(fields).has('path'));
    expect(aboutRequests.map(([name]) => name).sort()).toEqual([...TOLD].sort());
    for (const [, { fields }] of aboutRequests) expect(fields).toContain('id');
    for (const name of ['request_answered', 'request_retried'] as const)
      expect(LOG_EVENTS[name].fields).toContain('reason');
  });
});

describe('the limit', () => {
  const answer = (logger: Logger, cluster: string, times: number) => {
    for (let n = 0; n < times; n++) logger.answered(aRecord(), cluster, 'circuit_open');
  };

  it('writes so many lines per second, cluster and reason, and then says how many were left out', () => {
    const dropped: number[] = [];
    const { logger, lines, clock } = aLogger({ linesPerSecond: 3, onDropped: (count) => dropped.push(count) });
    answer(logger, 'primary', 10);
    answer(logger, 'secondary', 2);
    logger.answered(aRecord(), 'primary', 'deadline');
    expect(lines.of('request_answered')).toHaveLength(3 + 2 + 1);
    clock.ms += 1000;
    logger.summarise();
    expect(only(lines.of('lines_left_out'))).toMatchObject({
      of: 'request_answered',
      cluster: 'primary',
      reason: 'circuit_open',
      count: 7,
    });
    expect(dropped.reduce((sum, count) => sum + count, 0)).toBe(7);
  });

  it('says nothing of a second that is not over, and nothing twice', () => {
    const { logger, lines, clock } = aLogger({ linesPerSecond: 1 });
    answer(logger, 'primary', 5);
    clock.ms += 999;
    logger.summarise();
    expect(lines.of('lines_left_out')).toEqual([]);
    clock.ms += 1;
    logger.summarise();
    logger.summarise();
    expect(lines.of('lines_left_out')).toHaveLength(1);
  });

  it('begins anew with every second', () => {
    const { logger, lines, clock } = aLogger({ linesPerSecond: 2 });
    for (let second = 0; second < 3; second++) {
      answer(logger, 'primary', 5);
      clock.ms += 1000;
    }
    expect(lines.of('request_answered')).toHaveLength(6);
    logger.summarise();
    expect(only(lines.of('lines_left_out'))).toMatchObject({ count: 9 });
  });

  it('holds for all clusters together as well, and the summary stays short', () => {
    const { logger, lines, clock } = aLogger({ linesPerSecond: 5, totalLinesPerSecond: 50 });
    for (let n = 0; n < 5000; n++) answer(logger, `cluster-${n}`, 2);
    expect(lines.of('request_answered')).toHaveLength(50);
    clock.ms += 1000;
    logger.summarise();
    const summaries = lines.of('lines_left_out');
    expect(summaries.length).toBeLessThanOrEqual(21);
    expect(summaries.reduce((sum, { count }) => sum + Number(count), 0)).toBe(9950);
  });

  it('is one for each kind of event: refusals do not silence faults', () => {
    const { logger, lines } = aLogger({ linesPerSecond: 1, totalLinesPerSecond: 1 });
    answer(logger, 'primary', 3);
    logger.fault('decision', new Error('broken'));
    expect(lines.of('fault')).toHaveLength(1);
  });

  it('takes nothing from the count of a level that is off', () => {
    let dropped = 0;
    const { logger, lines } = aLogger({ level: 'warn', onDropped: (count) => (dropped += count) });
    answer(logger, 'primary', 100);
    expect([lines.raw.length, dropped]).toEqual([0, 0]);
  });
});

describe('faults', () => {
  it('are told with reason, words and stack', () => {
    const { logger, lines } = aLogger();
    logger.fault('decision', new TypeError('no such thing'));
    const line = only(lines.of('fault'));
    expect(line).toMatchObject({ level: 'error', reason: 'decision', error: 'TypeError: no such thing' });
    expect(line.stack).toContain('logger.test');
  });

  it('may be anything that was thrown', () => {
    const { logger, lines } = aLogger();
    for (const thrown of ['words', undefined, null, 7, { a: 1 }]) logger.fault('decision', thrown);
    expect(lines.of('fault').map(({ error }) => error)).toEqual(['words', 'undefined', 'null', '7', '[object Object]']);
  });
});

describe('levels', () => {
  it.each([
    ['debug', 21],
    ['info', 21],
    ['warn', 12],
    ['error', 4],
    ['silent', 0],
  ] as const)('%s writes %i of one line of each kind', (level, expected) => {
    const { logger, lines } = aLogger({ level });
    writeAll(logger);
    expect(lines.raw).toHaveLength(expected);
  });

  it('that do not exist are refused with those that do', () => {
    const level: string = 'loud';
    const options = { now: new Clock().now, toIso, sink: new Lines() };
    expect(() => new Logger({ ...options, ...JSON.parse(`{"level":"${level}"}`) })).toThrow(
      `log level is "loud"; choose one of ${LOG_LEVELS.join(', ')}`,
    );
  });
});

describe('closing', () => {
  it('writes the last summary, even of a second that is not over, and what still waits', async () => {
    const { logger, lines } = aLogger({ linesPerSecond: 1 });
    for (let n = 0; n < 4; n++) logger.answered(aRecord(), 'primary', 'deadline');
    await logger.close();
    expect(only(lines.of('lines_left_out'))).toMatchObject({ count: 3 });
    expect(lines.ended).toBe(1);
  });

  it('does not fail by a sink that is broken; what is lost is counted', async () => {
    let dropped = 0;
    const write = () => {
      throw new Error('gone');
    };
    const sink = { write, end: async () => {} };
    const onDropped = (count: number) => {
      dropped += count;
    };
    const logger = new Logger({ now: new Clock().now, toIso, sink, linesPerSecond: 0, onDropped });
    logger.answered(aRecord(), 'primary', 'deadline');
    expect(dropped).toBe(1);
    await logger.close();
    expect(dropped).toBe(2);
  });
});
