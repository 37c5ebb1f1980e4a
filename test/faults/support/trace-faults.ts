// What happens to the trace on its way.

import type { Fault } from './fault.js';
import { ofSluice } from './fault.js';
import type { TraceMode } from './trace-relay.js';

function trace(mode: TraceMode, name: string, told: Fault['told']): Fault {
  return {
    name,
    told,
    async inject(world, traffic, { requests }) {
      world.trace.become(mode);
      await traffic.more(requests);
      world.trace.become('pass');
    },
  };
}

const ENTRIES = 'sluice_trace_entries_total';

export const traceCut = trace('cut', 'the trace cut', ofSluice('sluice_disturbances_total', { reason: 'trace_ended' }));
export const traceDelayed = trace('delay', 'the trace delayed', ofSluice(ENTRIES));
export const traceReplayed = trace('replay', 'the trace replayed', ofSluice(ENTRIES, { match: 'unmatched' }));
export const traceShuffled = trace('shuffle', 'the trace out of order', ofSluice(ENTRIES));
