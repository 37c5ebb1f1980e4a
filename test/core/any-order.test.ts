// Every method of the engine, in any order, twice, after the end, with attempt numbers that jump: nothing throws, nothing
// is held once the time for it is over, and no circuit is left waiting for a probe.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CoreWorld } from '../support/core-world.js';
import { FACTS, REFUSED, Story, status } from './support.js';

const OPEN = { base: '100ms', max: '100ms', jitter: 0 };
const POLICY = {
  defaults: {
    circuit: { consecutiveFailures: 1, open: OPEN, halfOpen: { probes: 1, lease: '1h' } },
    retry: { maxRetries: 3, judge: true, statuses: [503], budget: { ratio: 0, minPerSecond: 2, window: '1s' } },
  },
  clusters: { a: { fallback: ['b'] } },
};
const LIMITS = {
  max: 100,
  pendingMs: 10_000,
  answeredMs: 10_000,
  withoutTraceMs: 10_000,
  graceMs: 5_000,
  unlogged: 1_000,
};
const LONG_ENOUGH_MS = 60_000;

const attempt = fc.constantFrom(0, 1, 1, 2, 2, 3, 7, 101);
const cluster = fc.constantFrom('a', 'a', 'b', 'elsewhere', '');
const told = fc.constantFrom(REFUSED, status(200), status(503), {}, { flags: 0x4000 });
const step = fc.tuple(fc.nat(7), attempt, cluster, told, fc.nat(2), fc.nat(200));

it('leaves nothing behind, whatever is told in whatever order', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const world = new CoreWorld(POLICY, { limits: LIMITS });
      const stories = Array.from({ length: 3 }, () => new Story(world));
      for (const [what, number, where, evidence, which, ms] of steps) {
        const story = stories[which];
        if (story === undefined) throw new Error('there are three');
        act(world, story, what, number, where, evidence);
        world.advance(ms);
      }
      world.advance(LONG_ENOUGH_MS);
      world.engine.sweep(world.now);
      expect(world.engine.openSessions).toBe(0);
      // Giving up on attempts without evidence may have opened a circuit only now.
      world.advance(100);
      // The lease of a probe is longer than all this took: only one that was given back lets another out.
      for (const name of ['a', 'b']) {
        const decision = world.engine.admit({ ...FACTS, cluster: name }, world.now);
        expect(decision.kind === 'proceed' ? decision.session.slots[0]?.cluster : 'nowhere').toBe(name);
      }
    }),
    { numRuns: 300 },
  );
});

function act(
  { engine, now }: CoreWorld,
  story: Story,
  what: number,
  number: number,
  where: string,
  evidence: Parameters<Story['logged']>[1],
): void {
  if (what === 0) story.starts(number, where);
  else if (what === 1) story.judged(number, evidence.status ?? 500, { cluster: where });
  else if (what === 2) story.answered(number, evidence, { cluster: where });
  else if (what === 3) story.logged(number, evidence, where);
  else if (what === 4) story.requestLogged(evidence, number, where);
  else if (what === 5) engine.requestClosed(story.session, now);
  else if (what === 6) engine.retryAbandoned(story.session, now);
  else engine.sweep(now);
}

it('gives a request that is over no probe and no retry', () => {
  const world = new CoreWorld(POLICY, { limits: LIMITS });
  const failing = new Story(world);
  const over = new Story(world);
  over.requestLogged(REFUSED, 0, 'a');
  world.advance(LIMITS.graceMs);
  world.engine.sweep(world.now);
  failing.starts(2, 'b');
  failing.logged(2, REFUSED, 'b');
  expect(world.circuit('b').state).toBe('open');
  world.advance(100);
  over.starts(7, 'b');
  over.judged(7, 503, { cluster: 'b' });
  const decision = world.engine.admit({ ...FACTS, cluster: 'b' }, world.now);
  expect(decision.kind === 'proceed' ? decision.session.slots[0]?.permit.probe : 'nowhere').toBe(true);
});
