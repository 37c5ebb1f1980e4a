import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Remembered } from '../../src/core/recall.js';
import { decodeState, Encoder } from '../../src/state/format.js';
import { anyMemory, headerLine, MOMENT, OPEN, signed } from './support.js';

function encoded(memories: readonly Remembered[]): Buffer {
  const encoder = new Encoder();
  const lines = [encoder.header(MOMENT), ...memories.map((memory) => encoder.entry(memory)), encoder.trailer()];
  return Buffer.from(lines.join(''));
}

const ENTRY = JSON.parse(encoded([OPEN]).toString().split('\n')[1] ?? '') as Record<string, unknown>;

function withEntry(changes: object): Buffer {
  return Buffer.from(signed(headerLine(), JSON.stringify({ ...ENTRY, ...changes })));
}

describe('a state file', () => {
  it('says what was put into it', () => {
    fc.assert(
      fc.property(fc.array(anyMemory, { maxLength: 5 }), (memories) => {
        expect(decodeState(encoded(memories))).toEqual({ ok: true, moment: MOMENT, memories });
      }),
    );
  });

  it('keeps times to the millisecond, an open time and a budget rather longer than shorter', () => {
    const { circuit } = OPEN;
    const phase = { kind: 'open', openedAtMs: -1.5, retryAtMs: 10.1 } as const;
    const tally = { ...circuit.tally, results: { atMs: [-2.4, -2.4, -0.6], flags: [3, 2, 0] } };
    const memory = {
      ...OPEN,
      circuit: { ...circuit, phase, tally },
      budget: { endsMs: [-1.9], requests: [1], retries: [0] },
    };
    const decoded = decodeState(encoded([memory]));
    if (!decoded.ok) throw new Error(decoded.why);
    expect(decoded.memories[0]).toMatchObject({
      circuit: {
        phase: { openedAtMs: -1, retryAtMs: 11 },
        tally: { results: { atMs: [-2, -2, -1], flags: [3, 2, 0] } },
      },
      budget: { endsMs: [-1] },
    });
  });

  it('may know of no circuit at all', () => {
    expect(decodeState(encoded([]))).toEqual({ ok: true, moment: MOMENT, memories: [] });
  });

  it('can be read by people: when, and which circuits', () => {
    const text = encoded([OPEN]).toString();
    expect(text).toContain('"savedAt":"2027-01-15T08:00:00.000Z"');
    expect(text).toContain('"cluster":"primary"');
  });
});

describe('what is no good', () => {
  const good = encoded([OPEN, { ...OPEN, target: 'x' }]);

  it('is any file cut short, wherever', () => {
    for (let length = 0; length < good.length; length++) {
      expect(decodeState(good.subarray(0, length))).toMatchObject({ ok: false, problem: 'damaged' });
    }
  });

  it('is a file with any byte changed', () => {
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = Buffer.from(good);
        bytes[at] = (bytes[at] ?? 0) ^ change;
        expect(decodeState(bytes).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('is any other file', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(decodeState(Buffer.from(bytes))).toMatchObject({ ok: false, problem: 'damaged' });
      }),
    );
  });

  it.each([0, 2, 1.5])('is version %d, whatever the rest says', (version) => {
    const bytes = Buffer.from(`${headerLine({ version })}\nsomething new\n`);
    expect(decodeState(bytes)).toMatchObject({ ok: false, problem: 'version', why: `version ${version}, not 1` });
  });

  it.each([
    ['another format', headerLine({ format: 'other' })],
    ['no time', headerLine({ wallMs: 'now' })],
    ['no version', JSON.stringify({ format: 'sluice state' })],
    ['no header', '[]'],
  ])('is a header with %s, though the checksum fits', (_, line) => {
    expect(decodeState(Buffer.from(signed(line)))).toMatchObject({ ok: false, problem: 'damaged' });
  });

  it.each([
    ['a state that there is not', { phase: { kind: 'ajar' } }],
    ['a time that is none', { phase: { kind: 'open', openedAtMs: -1, retryAtMs: 1e300 } }],
    ['a time left out', { phase: { kind: 'open', openedAtMs: -1 } }],
    ['results without times', { results: { flags: '01', afterMs: [-1] } }],
    ['results of an unknown kind', { results: { flags: '9', afterMs: [-1] } }],
    ['a negative count', { streak: -1 }],
    ['a name that is too long', { cluster: 'x'.repeat(5000) }],
    ['a field too many', { more: 1 }],
    ['lists of a budget that differ', { budget: { endsMs: [1], requests: [], retries: [1] } }],
    ['a transition that lacks something', { transitions: [['closed', 'open']] }],
    ['a prototype', JSON.parse('{"__proto__": {"x": 1}}') as object],
  ])('is %s, though the checksum fits', (_, changes) => {
    const bad = JSON.stringify(changes).includes('__proto__')
      ? Buffer.from(signed(headerLine(), JSON.stringify(ENTRY).replace('{', '{"__proto__":{"x":1},')))
      : withEntry(changes);
    expect(decodeState(bad)).toMatchObject({ ok: false, problem: 'damaged' });
    expect(decodeState(withEntry({}))).toMatchObject({ ok: true });
  });
});
