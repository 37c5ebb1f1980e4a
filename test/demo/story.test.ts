import { describe, expect, it } from 'vitest';
import type { CircuitDetailView } from '../support/views.js';
import { circuit, ROUND_TRIP, transition } from './fixture.js';
import { advance, beginning, type Pace, type Plot, PRIMARY, SENTENCE, type Turn } from './story.js';

const AT_ONCE: Pace = { beforeFirstDeathMs: 0, betweenDeathsMs: 0 };

function primary(state: string, transitions: CircuitDetailView['transitions'] = [], requests = 20): CircuitDetailView {
  return circuit('primary', { state, transitions, requests });
}

/** Tells the story with what was seen at each look; gives the stages gone through and what was done. */
function tell(looks: readonly CircuitDetailView[], pace = AT_ONCE) {
  let plot: Plot = beginning(0);
  const turns: Turn[] = [];
  const stages = looks.map((look, index) => {
    const next = advance(plot, look, (index + 1) * 1000, pace);
    plot = next.plot;
    turns.push(next.turn);
    return plot.stage;
  });
  return { stages, turns };
}

describe('the story', () => {
  it('kills primary, heals it after a failed probe, and is over when the circuit closes', () => {
    const { stages, turns } = tell([
      primary('closed'),
      primary('open', ROUND_TRIP.slice(0, 1)),
      primary('open', ROUND_TRIP.slice(0, 3)),
      primary('closed', ROUND_TRIP),
    ]);
    expect(stages).toEqual(['dying', 'open', 'healed', 'closed']);
    expect(turns).toEqual(['kill', null, 'heal', null]);
  });

  it('does not kill primary before it has shown that it is healthy', () => {
    expect(tell([primary('closed', [], 5), primary('closed', [], 6)]).turns).toEqual([null, 'kill']);
  });

  it('leaves primary dead until a probe has failed', () => {
    const opened = primary('open', ROUND_TRIP.slice(0, 1));
    const probing = primary('half_open', ROUND_TRIP.slice(0, 2));
    expect(tell([primary('closed'), opened, probing, probing]).turns).toEqual(['kill', null, null, null]);
  });

  it('waits for the pace that it is told', () => {
    const pace = { beforeFirstDeathMs: 3000, betweenDeathsMs: 0 };
    const { turns } = tell([primary('closed'), primary('closed'), primary('closed')], pace);
    expect(turns).toEqual([null, null, 'kill']);
  });

  it('does not begin again where the pace is for good', () => {
    const pace = { beforeFirstDeathMs: 0, betweenDeathsMs: Number.POSITIVE_INFINITY };
    const over: Plot = { stage: 'closed', sinceMs: 0, mark: null };
    expect(advance(over, primary('closed', ROUND_TRIP), 1e9, pace)).toEqual({ plot: over, turn: null });
  });

  it('does not take what happened in its last turn for what happens in this one', () => {
    const over: Plot = { stage: 'closed', sinceMs: 0, mark: null };
    const { plot, turn } = advance(over, primary('closed', ROUND_TRIP), 1000, AT_ONCE);
    expect([plot.stage, turn]).toEqual(['dying', 'kill']);
    expect(advance(plot, primary('closed', ROUND_TRIP), 2000, AT_ONCE).plot.stage).toBe('dying');
    const opened = [...ROUND_TRIP, transition(20_000, 'closed', 'open', 'failure_ratio', 2000)];
    expect(advance(plot, primary('open', opened), 3000, AT_ONCE).plot.stage).toBe('open');
  });

  it('has a sentence for every stage that fits on a narrow terminal', () => {
    for (const text of Object.values(SENTENCE)) expect(text.length).toBeLessThanOrEqual(79);
    for (const text of Object.values(PRIMARY)) expect(text.length).toBeLessThanOrEqual(27);
  });
});
