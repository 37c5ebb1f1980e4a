// What is compared. Each arm has an Envoy and, where it needs one, a Sluice of its own, which live as long as the benchmark.

import type { TransportName } from '../../../src/server/transport-names.js';
import { PEER_NAMES, type PeerName, titleOf } from '../peers/peer.js';
import { type Part, TARGET, type Wiring } from './wiring.js';

export interface Arm {
  /** For the command line. */
  readonly id: string;
  readonly name: string;
  /** null: without Sluice. */
  readonly transport: TransportName | null;
  /** Another server in Sluice's place. */
  readonly peer?: PeerName;
  readonly wiring: Wiring;
}

const FULL: readonly Part[] = ['admission', 'gate', 'trace'];

export const ARMS: readonly Arm[] = [
  arm('envoy', 'Envoy alone', null, []),
  arm('native', 'Envoy, native retries and outlier detection', null, [], 'native_retries'),
  arm('trace', 'trace only', 'direct', ['trace']),
  arm('admission', 'admission only', 'direct', ['admission']),
  arm('admission-grpc-js', 'admission only, grpc-js', 'grpc-js', ['admission']),
  arm('gate', 'admission, trace, gate', 'direct', FULL),
  arm('judge', 'admission, trace, judge', 'direct', ['admission', 'judge', 'trace']),
  arm('judge-grpc-js', 'admission, trace, judge, grpc-js', 'grpc-js', ['admission', 'judge', 'trace']),
  ...PEER_NAMES.map((peer): Arm => ({ ...arm(`peer-${peer}`, titleOf(peer), null, ['admission']), peer })),
  arm('bare', 'Envoy alone, no upstream', null, [], 'none'),
  arm('bare-admission', 'admission only, no upstream', 'direct', ['admission'], 'none'),
];

/** What every ratio is against: the same work without Sluice. */
export function baselineOf({ wiring }: Arm): string {
  return wiring.upstream === 'none' ? 'bare' : 'envoy';
}

/** The defaults, but for what an arm needs: the judge, and a cluster for the route that has none. */
export function policyOf({ wiring }: Arm): object {
  return {
    ...(wiring.parts.has('judge') ? { clusters: { [TARGET]: { retry: { judge: true, statuses: [503] } } } } : {}),
    ...(wiring.upstream === 'none' ? { routes: { [TARGET]: { cluster: TARGET } } } : {}),
  };
}

function arm(
  id: string,
  name: string,
  transport: TransportName | null,
  parts: readonly Part[],
  upstream: Wiring['upstream'] = 'plain',
): Arm {
  return { id, name, transport, wiring: { parts: new Set(parts), upstream } };
}

/** @throws RangeError that names an id there is none of. */
export function armsNamed(ids: readonly string[]): readonly Arm[] {
  const known = ARMS.map(({ id }) => id);
  for (const id of ids) {
    if (!known.includes(id)) throw new RangeError(`no arm ${JSON.stringify(id)}; there are ${known.join(', ')}`);
  }
  return ARMS.filter(({ id }) => ids.includes(id));
}
