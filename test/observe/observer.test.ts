import { describe, expect, it } from 'vitest';
import type { Observer } from '../../src/core/observer.js';
import { createObserver } from '../../src/observe/observer.js';
import { Records } from '../../src/observe/records.js';
import { aFailure, aLogger, anAttempt, aRecord, aTransition, newMetrics, scrape, seriesOf } from './support.js';

const record = aRecord();
const attempt = anAttempt();
const transition = aTransition();

/** Every call of the core, with its arguments. */
const CALLS: { readonly [K in keyof Observer]: Parameters<Observer[K]> } = {
  decided: [record],
  answered: [record, 'primary', 'deadline', null],
  attemptSettled: [record, attempt],
  retry: ['primary', 'granted', 'reset', 'large', record],
  shadowed: ['primary', 'retry', 'status', 'large'],
  rerouteIgnored: [record],
  transition: [transition],
  traceEntry: ['attempt', 'known'],
  finished: [record],
  dropped: ['cluster'],
};

function callAll(observer: Observer): void {
  observer.decided(...CALLS.decided);
  observer.answered(...CALLS.answered);
  observer.attemptSettled(...CALLS.attemptSettled);
  observer.retry(...CALLS.retry);
  observer.shadowed(...CALLS.shadowed);
  observer.rerouteIgnored(...CALLS.rerouteIgnored);
  observer.transition(...CALLS.transition);
  observer.traceEntry(...CALLS.traceEntry);
  observer.finished(...CALLS.finished);
  observer.dropped(...CALLS.dropped);
}

/** A part that does the same at every call. */
function part(act: (name: string, args: unknown[]) => void) {
  const method =
    (name: string) =>
    (...args: unknown[]) =>
      act(name, args);
  return {
    decided: method('decided'),
    answered: method('answered'),
    attemptSettled: method('attemptSettled'),
    retry: method('retry'),
    shadowed: method('shadowed'),
    rerouteIgnored: method('rerouteIgnored'),
    transition: method('transition'),
    traceEntry: method('traceEntry'),
    finished: method('finished'),
    dropped: method('dropped'),
  };
}

const broken = () => {
  throw new Error('broken');
};

describe('the observer', () => {
  it('tells all three parts of every call, with its arguments', () => {
    const seen: Record<string, Record<string, unknown[]>> = { metrics: {}, records: {}, logger: {} };
    const spy = (who: string) =>
      part((name, args) => {
        seen[who] = { ...seen[who], [name]: args };
      });
    const fault = broken;
    callAll(
      createObserver({
        metrics: { ...spy('metrics'), fault },
        records: spy('records'),
        logger: { ...spy('logger'), fault },
      }),
    );
    expect(seen).toEqual({ metrics: CALLS, records: CALLS, logger: CALLS });
  });

  it('lets no exception of any part through, counts and tells each, and still tells the others', () => {
    for (const culprit of ['metrics', 'records', 'logger']) {
      let heard = 0;
      let counted = 0;
      const told: unknown[] = [];
      const play = (who: string) => (who === culprit ? part(broken) : part(() => heard++));
      const observer = createObserver({
        metrics: { ...play('metrics'), fault: () => counted++ },
        records: play('records'),
        logger: { ...play('logger'), fault: (reason, error) => told.push([reason, error]) },
      });
      callAll(observer);
      expect([culprit, heard, counted]).toEqual([culprit, 20, 10]);
      expect(told[0]).toEqual(['observer', new Error('broken')]);
    }
  });

  it('counts twice, and goes on, when telling of a fault fails as well', () => {
    let counted = 0;
    const observer = createObserver({
      metrics: { fault: () => counted++ },
      records: part(broken),
      logger: { fault: broken },
    });
    observer.dropped('record');
    expect(counted).toBe(2);
  });

  it('does without the calls that a part does not have', () => {
    const observer = createObserver({ metrics: { fault: broken }, records: {}, logger: { fault: broken } });
    expect(() => callAll(observer)).not.toThrow();
  });

  it('joins the real parts: one retried request is counted, kept and told', async () => {
    const metrics = newMetrics();
    const records = new Records();
    const { logger, lines } = aLogger();
    const observer = createObserver({ metrics, records, logger });
    const retried = aRecord({ id: 'x' });
    observer.decided(retried);
    for (const settled of [aFailure(), anAttempt({ attempt: 2 })]) {
      retried.attempts.push(settled);
      observer.attemptSettled(retried, settled);
    }
    observer.retry('primary', 'saved', 'connection_refused', null, retried);
    retried.result = 'success';
    observer.finished(retried);
    const families = await scrape(metrics);
    const labels = { cluster: 'primary', result: 'saved', reason: 'connection_refused' };
    expect(seriesOf(families, 'sluice_retries_total', labels)).toBe(1);
    expect(seriesOf(families, 'sluice_faults_total', { reason: 'observer' })).toBe(0);
    expect(records.get('x')).toBe(retried);
    expect(lines.of('request_retried')).toHaveLength(1);
  });

  it('survives a log that cannot be written', async () => {
    const metrics = newMetrics();
    const { logger } = aLogger({ sink: { write: broken, end: async () => {} } });
    const observer = createObserver({ metrics, records: new Records(), logger });
    observer.transition(transition);
    const labels = { cluster: 'primary', from: 'closed', to: 'open', reason: 'failure_ratio' };
    const families = await scrape(metrics);
    expect(seriesOf(families, 'sluice_circuit_transitions_total', labels)).toBe(1);
    expect(seriesOf(families, 'sluice_faults_total', { reason: 'observer' })).toBe(2);
  });
});
