// What happens to the trace on its way.

import type { Fault } from './fault.js';
import { ofSluice } from './fault.js';
import type { TraceMode } from './trace-relay.js';
import type { World } from './world.js';

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

/** The relay holds each back for longer. */
async function messagesOlderThanASecond({ sluice }: World): Promise<number> {
  const { metric } = await sluice.metrics();
  return metric('sluice_trace_lag_seconds_count') - metric('sluice_trace_lag_seconds_bucket', { le: '1' });
}

const ENTRIES = 'sluice_trace_entries_total';

export const traceCut = trace('cut', 'the trace cut', ofSluice('sluice_disturbances_total', { reason: 'trace_ended' }));
export const traceDelayed = trace('delay', 'the trace delayed', messagesOlderThanASecond);
export const traceReplayed = trace('replay', 'the trace replayed', ofSluice(ENTRIES, { match: 'unmatched' }));
/** It changes no decision and no count; what is seen of it is a request's entry before that of its attempt. */
export const traceShuffled = trace('shuffle', 'the trace out of order', ofSluice(ENTRIES, { match: 'early' }));
