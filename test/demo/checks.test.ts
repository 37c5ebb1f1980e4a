import { describe, expect, it } from 'vitest';
import { allHold, CHECKS, findings, report } from './checks.js';
import { isRoundTrip } from './circuit-checks.js';
import {
  answer,
  answers,
  attempt,
  circuit,
  metrics,
  REFUSED,
  ROUND_TRIP,
  receivedBut,
  requestsWith,
  type Told,
  told,
  transition,
} from './fixture.js';

/** What the checks miss in a demo with these changes. */
function missed(changes: Partial<Told>): string[] {
  return findings(told(changes)).flatMap(({ what, proof }) => (proof === null ? [what] : []));
}

const ON_ANOTHER_HOST = 'a retry on another host saved a request whose connection was refused';
const ON_FALLBACK = 'a retry on the fallback saved a request while primary was dying';
const JUDGED = 'the judge had a 503 retried, and the client got the 200';
const WRITTEN = 'a POST that was written and then reset was not retried, and said why';
const TWICE = 'no POST reached its upstream twice';
const REROUTED = 'while the circuit of primary was open, its requests were sent to secondary and not to primary';
const SHORT = 'an open circuit without a fallback answered 503 at once, with its reason and Retry-After';
const HEALTHY = 'no request to the healthy upstream failed';
const OPENED = 'the circuit of primary opened on evidence';
const PROBE = 'a probe failed while primary was dead, and the circuit stayed open for longer';
const ORDER = 'the circuit of primary went closed, open, half_open and back to closed, in that order';
const AGAIN = 'after that, primary answered its requests again';
const SLOW = 'an upstream that only answers slowly had its circuit opened for that';

describe('the checks of the demo', () => {
  it('all hold where everything happened', () => {
    expect(missed({})).toEqual([]);
    expect(allHold(findings(told()))).toBe(true);
  });

  it('all miss something where nothing happened', () => {
    const nothing = { requests: [], circuits: [], metrics: metrics('sluice'), answers: new Map(), received: [] };
    expect(missed(nothing)).toEqual(CHECKS.map(({ what }) => what));
  });

  it('have a name each', () => {
    expect(new Set(CHECKS.map(({ what }) => what)).size).toBe(CHECKS.length);
  });
});

const breaks: readonly (readonly [what: string, changes: Partial<Told>, missing: readonly string[]])[] = [
  ['the metrics count no saved retry', { metrics: metrics('saved') }, [ON_ANOTHER_HOST, ON_FALLBACK, JUDGED]],
  ['the client of the pool got a 503', { answers: answers({ '/pool/1': answer(503) }) }, [ON_ANOTHER_HOST]],
  [
    'the retry went to the same host',
    {
      requests: requestsWith('pool-1', {
        attempts: [attempt(1, { ...REFUSED, host: 'x' }), attempt(2, { host: 'x' })],
      }),
    },
    [ON_ANOTHER_HOST],
  ],
  ['the pool received the request twice', { received: receivedBut({ and: 'pool /pool/1' }) }, [ON_ANOTHER_HOST]],
  ['primary received what it refused', { received: receivedBut({ and: 'primary /primary/2' }) }, [ON_FALLBACK]],
  ['secondary never got the retry', { received: receivedBut({ without: 'secondary /primary/2' }) }, [ON_FALLBACK]],
  ['flaky was asked once more than recorded', { received: receivedBut({ and: 'flaky /flaky/3' }) }, [JUDGED]],
  ['the POST was sent twice', { received: receivedBut({ and: 'flaky /flaky/4' }) }, [WRITTEN, TWICE]],
  ['the POST never arrived', { received: receivedBut({ without: 'flaky /flaky/4' }) }, [WRITTEN]],
  ['nobody says why the POST was not retried', { requests: requestsWith('flaky-4', { notRetried: null }) }, [WRITTEN]],
  ['no metric counts the refused retry', { metrics: metrics('refused",reason="written') }, [WRITTEN]],
  [
    'the POST got an answer of Sluice',
    { answers: answers({ '/flaky/4': answer(503, { method: 'POST', reason: 'circuit_open' }) }) },
    [WRITTEN],
  ],
  ['primary got a request that was rerouted', { received: receivedBut({ and: 'primary /primary/5' }) }, [REROUTED]],
  ['no reroute was counted', { metrics: metrics('reroutes') }, [REROUTED]],
  [
    'the 503 has no Retry-After',
    { answers: answers({ '/refusing/6': answer(503, { reason: 'circuit_open' }) }) },
    [SHORT],
  ],
  ['the 503 gives no reason', { answers: answers({ '/refusing/6': answer(503, { retryAfter: 1 }) }) }, [SHORT]],
  ['no short circuit was counted', { metrics: metrics('short_circuits') }, [SHORT, SLOW]],
  ['a healthy request failed', { answers: answers({ '/secondary/7': answer(500) }) }, [HEALTHY]],
  ['a healthy request got no answer', { answers: answers({ '/secondary/7': answer(0) }) }, [HEALTHY]],
  ['primary was not asked after it was back', { received: receivedBut({ without: 'primary /primary/9' }) }, [AGAIN]],
  ['no transition was counted', { metrics: metrics('transitions') }, [OPENED, PROBE, ORDER, SLOW]],
  ['the closing was not counted', { metrics: metrics('probes_succeeded') }, [ORDER]],
];

describe('a check misses it when', () => {
  it.each(breaks)('%s', (_what, changes, missing) => {
    expect(missed(changes)).toEqual(missing);
  });

  const slow = circuit('slow', { transitions: [transition(2500, 'closed', 'open', 'slow_ratio', 2000)] });
  const primary = (...transitions: typeof ROUND_TRIP) => [circuit('primary', { transitions }), slow];

  it('the circuit opened below its threshold', () => {
    const [first, ...rest] = ROUND_TRIP;
    const early = { ...first, ...transition(2000, 'closed', 'open', 'failure_ratio', 2000), failureRatio: 0.4 };
    expect(missed({ circuits: primary(early, ...rest) })).toEqual([OPENED]);
  });

  it('the circuit never closed', () => {
    expect(missed({ circuits: primary(...ROUND_TRIP.slice(0, -1)) })).toEqual([ORDER, AGAIN]);
  });

  it('the circuit was not open for longer after the failed probe', () => {
    const again = transition(4100, 'half_open', 'open', 'probe_failed', 2000);
    expect(missed({ circuits: primary(...ROUND_TRIP.slice(0, 2), again, ...ROUND_TRIP.slice(3)) })).toEqual([PROBE]);
  });
});

describe('a round trip', () => {
  const steps = (...states: string[]) => states.slice(1).map((to, index) => ({ from: states[index] ?? 'nothing', to }));

  it('is closed, open, half_open, closed', () => {
    expect(isRoundTrip(steps('closed', 'open', 'half_open', 'closed'))).toBe(true);
  });

  it('may probe more than once', () => {
    expect(isRoundTrip(steps('closed', 'open', 'half_open', 'open', 'half_open', 'closed'))).toBe(true);
  });

  it.each([
    ['nothing', steps()],
    ['only opened', steps('closed', 'open')],
    ['closed without a probe', steps('closed', 'open', 'closed')],
    ['began open', steps('open', 'half_open', 'closed')],
    ['went on to open again', steps('closed', 'open', 'half_open', 'closed', 'open')],
    [
      'has a gap',
      [...steps('closed', 'open'), { from: 'closed', to: 'half_open' }, { from: 'half_open', to: 'closed' }],
    ],
  ])('is not one that %s', (_what, transitions) => {
    expect(isRoundTrip(transitions)).toBe(false);
  });
});

describe('the report', () => {
  it('says what held and by what, and what is missing', () => {
    const found = [
      { what: 'a thing', proof: 'GET /a/1' },
      { what: 'another', proof: null },
    ];
    expect(report(found)).toEqual(['ok       a thing: GET /a/1', 'MISSING  another']);
    expect(allHold(found)).toBe(false);
  });
});
