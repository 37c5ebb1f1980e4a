// One request against the engine itself, told in single pieces of evidence: what handlers and router model would only say
// in the right order can be said here in any.

import type { AnswerSeen } from '../../src/core/engine.js';
import { type Evidence, FLAGS } from '../../src/core/evidence.js';
import type { RequestFacts } from '../../src/core/request.js';
import type { Session } from '../../src/core/session.js';
import type { CoreWorld } from '../support/core-world.js';

export const FACTS = {
  method: 'GET',
  path: '/',
  route: '',
  cluster: 'a',
  oneCluster: false,
  idempotencyKey: false,
  upgrade: false,
  grpc: false,
  headers: { text: () => undefined },
};

/** Says nothing but what `changes` say. */
export function evidence(source: Evidence['source'], changes: Partial<Evidence> = {}): Evidence {
  return {
    source,
    flags: 0,
    status: null,
    grpcStatus: null,
    written: null,
    transportFailure: '',
    details: '',
    host: null,
    durationMs: null,
    ...changes,
  };
}

export const REFUSED = { flags: FLAGS.upstreamConnectionFailure, transportFailure: 'Connection refused' };

/** An upstream's own answer. */
export function status(code: number): Partial<Evidence> {
  return { status: code, details: 'via_upstream', written: true };
}

export interface AnswerOptions {
  readonly cluster?: string;
  readonly wish?: AnswerSeen['wish'];
}

/** One request under way. */
export class Story {
  readonly world: CoreWorld;
  readonly session: Session;

  constructor(world: CoreWorld, facts: Partial<RequestFacts> = {}) {
    const decision = world.engine.admit({ ...FACTS, ...facts }, world.now);
    if (decision.kind !== 'proceed') throw new Error('not admitted');
    this.world = world;
    this.session = decision.session;
  }

  /** At gate or judge. */
  starts(attempt: number, cluster = 'a') {
    return this.world.engine.attemptStarts(this.session, { attempt, cluster, remainingMs: null }, this.world.now);
  }

  /** The judge has its response headers. */
  judged(attempt: number, code: number, options: AnswerOptions = {}) {
    return this.world.engine.attemptAnswered(
      this.session,
      this.#seen('judge', attempt, status(code), options),
      this.world.now,
    );
  }

  /** The final response headers are on their way to the client. */
  answered(attempt: number, told: Partial<Evidence>, options: AnswerOptions = {}): void {
    this.world.engine.requestAnswered(this.session, this.#seen('admission', attempt, told, options), this.world.now);
  }

  logged(attempt: number, told: Partial<Evidence>, cluster = 'a'): void {
    const { id } = this.session.record;
    this.world.engine.traced(
      { kind: 'attempt', id, attempt, cluster, evidence: evidence('trace', told) },
      this.world.now,
    );
  }

  requestLogged(told: Partial<Evidence>, attempts: number, cluster = 'a'): void {
    const { id } = this.session.record;
    const entry = { kind: 'request', id, cluster, evidence: evidence('trace', told), attempts } as const;
    this.world.engine.traced({ ...entry, clientStatus: told.status ?? 503 }, this.world.now);
  }

  #seen(source: 'judge' | 'admission', attempt: number, told: Partial<Evidence>, options: AnswerOptions): AnswerSeen {
    const { cluster = 'a', wish = { waitMs: 0, retry: null } } = options;
    const own = evidence(source, told);
    return { attempt, cluster, evidence: own, wish, remainingMs: null, clientStatus: own.status ?? 503 };
  }
}

/** Opens the circuit of a cluster for which one failure is enough. */
export function failOnce(world: CoreWorld, cluster = 'a'): void {
  const story = new Story(world, { cluster });
  story.answered(1, status(500), { cluster });
  story.logged(1, status(500), cluster);
  story.requestLogged(status(500), 1, cluster);
}
