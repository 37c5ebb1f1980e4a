// One line of the state file: what is remembered of one circuit and its budget, as JSON. Whole milliseconds are exact
// enough, and short; what grows (results, transitions) is written as compactly as JSON allows.

import { z } from 'zod';
import type { PhaseMemory, ResultsMemory, TransitionMemory } from '../core/circuit/memory.js';
import { CIRCUIT_STATES, TRANSITION_REASONS } from '../core/reasons.js';
import type { Remembered } from '../core/recall.js';
import type { BudgetMemory } from '../core/retry/budget.js';

const MAX_NAME_LENGTH = 4096;
/** Three hundred years: any time beyond is no time. */
const MAX_MS = 1e13;

const name = z.string().max(MAX_NAME_LENGTH);
const ms = z.number().min(-MAX_MS).max(MAX_MS);
const count = z.int().min(0);
const state = z.enum(CIRCUIT_STATES);

const phase = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(['closed', 'disabled']) }),
  z.strictObject({ kind: z.literal('open'), openedAtMs: ms, retryAtMs: ms }),
  z.strictObject({ kind: z.enum(['half_open', 'forced_open']), openedAtMs: ms }),
  z.strictObject({ kind: z.literal('recovering'), sinceMs: ms }),
]);

/** A digit for each result (see window.ts), and its time after the one before; that of the first after the saving. */
const results = z.strictObject({ flags: z.string().regex(/^[0-3]*$/), afterMs: z.array(ms) });

/** from, to, reason, atMs, retryAtMs, requests, failures, slow, consecutiveFailures */
const transition = z.tuple([state, state, z.enum(TRANSITION_REASONS), ms, ms.nullable(), count, count, count, count]);

const entry = z.strictObject({
  cluster: name,
  target: name.nullable(),
  phase,
  openTime: z.strictObject({ level: count, lastOpenMs: ms.min(0), closedAtMs: ms }),
  streak: count,
  askedUntilMs: ms.nullable(),
  results,
  transitions: z.array(transition),
  budget: z.strictObject({ endsMs: z.array(ms), requests: z.array(count), retries: z.array(count) }).nullable(),
});

type Entry = z.infer<typeof entry>;

export function encodeEntry({ cluster, target, circuit, budget }: Remembered): string {
  const { openTime, tally, transitions } = circuit;
  const line: Entry = {
    cluster,
    target,
    phase: rounded(circuit.phase),
    openTime: { ...openTime, closedAtMs: Math.round(openTime.closedAtMs) },
    streak: tally.consecutiveFailures,
    askedUntilMs: tally.askedUntilMs === null ? null : Math.ceil(tally.askedUntilMs),
    results: packResults(tally.results),
    transitions: transitions.map(packTransition),
    budget: budget === null ? null : packBudget(budget),
  };
  return JSON.stringify(line);
}

/** @throws Error where it is not a line of that form. */
export function decodeEntry(line: string): Remembered {
  const { cluster, target, budget, ...circuit } = entry.parse(JSON.parse(line));
  const { flags, afterMs } = circuit.results;
  if (flags.length !== afterMs.length) throw new Error(`${flags.length} results have ${afterMs.length} times`);
  if (
    budget !== null &&
    new Set([budget.endsMs, budget.requests, budget.retries].map(({ length }) => length)).size > 1
  ) {
    throw new Error('the lists of a budget are not equally long');
  }
  return {
    cluster,
    target,
    budget,
    circuit: {
      phase: circuit.phase,
      openTime: circuit.openTime,
      tally: {
        results: unpackResults(flags, afterMs),
        consecutiveFailures: circuit.streak,
        askedUntilMs: circuit.askedUntilMs,
      },
      transitions: circuit.transitions.map(unpackTransition),
    },
  };
}

function rounded(memory: PhaseMemory): PhaseMemory {
  switch (memory.kind) {
    case 'closed':
    case 'disabled':
      return memory;
    case 'open':
      return { kind: 'open', openedAtMs: Math.round(memory.openedAtMs), retryAtMs: Math.ceil(memory.retryAtMs) };
    case 'half_open':
    case 'forced_open':
      return { kind: memory.kind, openedAtMs: Math.round(memory.openedAtMs) };
    case 'recovering':
      return { kind: 'recovering', sinceMs: Math.round(memory.sinceMs) };
  }
}

/** Times upwards: what is forgotten too early would be allowed twice. */
function packBudget({ endsMs, requests, retries }: BudgetMemory): Entry['budget'] {
  return { endsMs: endsMs.map(Math.ceil), requests: [...requests], retries: [...retries] };
}

function packResults({ atMs, flags }: ResultsMemory): Entry['results'] {
  let before = 0;
  const afterMs = atMs.map((at) => {
    const whole = Math.round(at);
    const after = whole - before;
    before = whole;
    return after;
  });
  return { flags: flags.join(''), afterMs };
}

function unpackResults(flags: string, afterMs: readonly number[]): ResultsMemory {
  let at = 0;
  return {
    flags: Array.from(flags, Number),
    atMs: afterMs.map((after) => {
      at += after;
      return at;
    }),
  };
}

function packTransition(transition: TransitionMemory): Entry['transitions'][number] {
  const { from, to, reason, atMs, retryAtMs, requests, failures, slowRatio, consecutiveFailures } = transition;
  const retryAt = retryAtMs === null ? null : Math.ceil(retryAtMs);
  const slow = Math.round(slowRatio * requests);
  return [from, to, reason, Math.round(atMs), retryAt, requests, failures, slow, consecutiveFailures];
}

function unpackTransition(packed: Entry['transitions'][number]): TransitionMemory {
  const [from, to, reason, atMs, retryAtMs, requests, failures, slow, consecutiveFailures] = packed;
  const share = (part: number) => (requests === 0 ? 0 : part / requests);
  const ratios = { failureRatio: share(failures), slowRatio: share(slow) };
  return { from, to, reason, atMs, retryAtMs, requests, failures, consecutiveFailures, ...ratios };
}
