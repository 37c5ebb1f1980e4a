import { describe, expect, it } from 'vitest';
import { Bench, FAIL, OK, policy } from './support.js';

describe('mode off', () => {
  it('admits everything and learns nothing', () => {
    const bench = new Bench({ mode: 'off' }).run(...Array(50).fill(FAIL));
    expect(bench.circuit.snapshot(bench.now)).toMatchObject({ state: 'closed', mode: 'off', requests: 0 });
    expect(bench.acquire()).toMatchObject({ admitted: true, wouldRefuse: null });
    expect(bench.told).toEqual([]);
  });

  it('has a permit for later attempts as well', () => {
    const bench = new Bench({ mode: 'off' });
    expect(bench.circuit.passive(bench.now)).toMatchObject({ probe: false });
  });

  it('cannot be forced, and says so', () => {
    const bench = new Bench({ mode: 'off' });
    expect(bench.circuit.force('forced_open', bench.now)).toBe(false);
    expect(bench.acquire().admitted).toBe(true);
    expect(bench.state).toBe('closed');
  });
});

describe('shadow mode', () => {
  const SHADOW = { mode: 'shadow' as const };

  it('admits what an open circuit would refuse, and says why it would', () => {
    const bench = new Bench(SHADOW).open();
    expect(bench.state).toBe('open');
    expect(bench.acquire()).toMatchObject({ admitted: true, wouldRefuse: 'circuit_open', permit: { probe: false } });
  });

  it('says nothing of the kind where the circuit is closed', () => {
    expect(new Bench(SHADOW).acquire()).toMatchObject({ admitted: true, wouldRefuse: null });
  });

  it('does not learn from requests that would have been refused', () => {
    const bench = new Bench(SHADOW).open();
    const refusedWhenOpen = bench.permit();
    bench.waitOpen();
    const probe = bench.permit();
    const refusedWhenProbing = bench.permit();
    bench.report(refusedWhenOpen, FAIL).report(refusedWhenProbing, FAIL, OK);
    expect(bench.state).toBe('half_open');
    bench.report(probe, OK).report(refusedWhenOpen, FAIL).report(refusedWhenProbing, FAIL);
    expect(bench.circuit.snapshot(bench.now)).toMatchObject({ state: 'closed', requests: 0 });
  });

  it('has real probes up to the limit, and names the limit for the others', () => {
    const bench = new Bench({ ...SHADOW, halfOpen: { probes: 2, successes: 2, leaseMs: 1000 } }).open().waitOpen();
    const answers = Array.from({ length: 4 }, () => bench.acquire());
    expect(answers).toMatchObject([
      { admitted: true, permit: { probe: true }, wouldRefuse: null },
      { admitted: true, permit: { probe: true }, wouldRefuse: null },
      { admitted: true, permit: { probe: false }, wouldRefuse: 'probe_limit' },
      { admitted: true, permit: { probe: false }, wouldRefuse: 'probe_limit' },
    ]);
  });

  it('opens again when a probe fails, as enforce mode would', () => {
    const bench = new Bench(SHADOW).open().waitOpen().run(FAIL);
    expect(bench.path.at(-1)).toBe('half_open > open: probe_failed');
    expect(bench.opensForMs).toBe(2000);
  });

  it('names the ramp, and does not learn from what the ramp would have refused', () => {
    const bench = new Bench({ ...SHADOW, rampMs: 10_000 }).open().waitOpen().run(OK);
    bench.chance = 0.5;
    expect(bench.acquire()).toMatchObject({ admitted: true, wouldRefuse: 'probe_limit' });
    bench.run(FAIL, FAIL, FAIL, FAIL, FAIL);
    expect(bench.circuit.snapshot(bench.now)).toMatchObject({ state: 'recovering', requests: 0 });
    bench.chance = 0;
    expect(bench.run(FAIL, FAIL, FAIL, FAIL).state).toBe('open');
  });

  it('admits what is forced open', () => {
    const bench = new Bench(SHADOW);
    expect(bench.circuit.force('forced_open', bench.now)).toBe(true);
    expect(bench.acquire()).toMatchObject({ admitted: true, wouldRefuse: 'forced_open' });
  });

  it('goes through the very states that enforce mode goes through', () => {
    const enforced = new Bench();
    const shadow = new Bench(SHADOW);
    const results = [OK, FAIL, FAIL, OK, FAIL, FAIL, OK, FAIL, OK, OK, FAIL, FAIL, FAIL, FAIL, OK, OK];
    for (const result of results) {
      const answer = enforced.acquire();
      const shadowed = shadow.acquire();
      if (!shadowed.admitted) throw new Error('shadow mode refused');
      expect(shadowed.wouldRefuse).toBe(answer.admitted ? null : answer.reason);
      if (answer.admitted) enforced.report(answer.permit, result);
      shadow.report(shadowed.permit, result); // it was sent all the same
      enforced.wait(300);
      shadow.wait(300);
    }
    expect(shadow.path).toEqual(enforced.path);
    expect(enforced.path.length).toBeGreaterThan(3);
  });
});

describe('a passive permit', () => {
  it('is given by a closed circuit and counts like any other', () => {
    const bench = new Bench();
    const permit = bench.circuit.passive(bench.now);
    if (permit === null) throw new Error('none given');
    bench.report(permit, FAIL);
    expect(bench.circuit.snapshot(bench.now).failures).toBe(1);
  });

  it('is given while recovering, whatever chance says, and where disabled', () => {
    const bench = new Bench({ rampMs: 10_000 }).open().waitOpen().run(OK);
    bench.chance = 0.999;
    expect(bench.circuit.passive(bench.now)).toMatchObject({ probe: false });
    bench.circuit.force('disabled', bench.now);
    expect(bench.circuit.passive(bench.now)).toMatchObject({ probe: false });
  });

  it('is not given where only a probe could go, or nothing', () => {
    const bench = new Bench().open();
    expect(bench.circuit.passive(bench.now)).toBeNull();
    bench.waitOpen();
    expect(bench.circuit.passive(bench.now)).toBeNull();
    bench.permit();
    expect(bench.circuit.passive(bench.now)).toBeNull();
    bench.circuit.force('forced_open', bench.now);
    expect(bench.circuit.passive(bench.now)).toBeNull();
  });

  it('is given by shadow mode in every state, and counts only where enforce mode would have given one', () => {
    const bench = new Bench({ mode: 'shadow' }).open();
    const permit = bench.circuit.passive(bench.now);
    if (permit === null) throw new Error('none given');
    bench.waitOpen().run(OK).report(permit, FAIL);
    expect(bench.circuit.snapshot(bench.now)).toMatchObject({ state: 'closed', requests: 0 });
  });

  it('changes nothing: it makes no transition and takes no probe', () => {
    const bench = new Bench().open().waitOpen();
    for (let i = 0; i < 10; i++) bench.circuit.passive(bench.now);
    expect(bench.told).toHaveLength(1);
    expect(bench.permit().probe).toBe(true);
  });
});

describe('a change of mode', () => {
  it('to off closes an open circuit, with the policy as reason', () => {
    const bench = new Bench().open();
    bench.circuit.reconfigure(policy({ mode: 'off' }), bench.now);
    expect(bench.path.at(-1)).toBe('open > closed: policy');
    expect(bench.circuit.snapshot(bench.now)).toMatchObject({ state: 'closed', requests: 0, openedAtMs: null });
  });

  it('to off clears a closed circuit without telling of a transition that is none', () => {
    const bench = new Bench().run(FAIL, FAIL, FAIL);
    bench.circuit.reconfigure(policy({ mode: 'off' }), bench.now);
    expect(bench.told).toEqual([]);
    expect(bench.circuit.snapshot(bench.now).requests).toBe(0);
  });

  it('to off ends what was forced', () => {
    const bench = new Bench();
    bench.circuit.force('forced_open', bench.now);
    bench.circuit.reconfigure(policy({ mode: 'off' }), bench.now);
    expect(bench.path.at(-1)).toBe('forced_open > closed: policy');
  });

  it('from off starts closed, and drops results from before', () => {
    const bench = new Bench();
    const [before] = [bench.permit()];
    bench.circuit.reconfigure(policy({ mode: 'off' }), bench.now);
    const whileOff = bench.permit();
    bench.circuit.reconfigure(policy(), bench.now);
    bench.report(before, FAIL, FAIL, FAIL, FAIL).report(whileOff, FAIL, FAIL, FAIL, FAIL);
    expect(bench.circuit.snapshot(bench.now)).toMatchObject({ state: 'closed', requests: 0 });
    expect(bench.open().opensForMs).toBe(1000);
  });

  it('between enforce and shadow keeps the state', () => {
    const bench = new Bench().open();
    const { retryAtMs } = bench;
    bench.circuit.reconfigure(policy({ mode: 'shadow' }), bench.now);
    expect(bench.retryAtMs).toBe(retryAtMs);
    expect(bench.acquire()).toMatchObject({ admitted: true, wouldRefuse: 'circuit_open' });
    bench.circuit.reconfigure(policy(), bench.now);
    expect(bench.acquire()).toMatchObject({ admitted: false, retryAtMs });
    expect(bench.told).toHaveLength(1);
  });
});
