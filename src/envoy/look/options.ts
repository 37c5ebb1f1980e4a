// What the one who asks says about the bootstrap: nothing of it can be read from the file.

import type { Policy } from '../../policy/resolve.js';
import type { Address } from '../../server/address.js';

export interface EnvoyOptions {
  /** null: only what does not depend on a policy is looked at. */
  readonly policy: Policy | null;
  /** Where Envoy reaches Sluice; null: as the bootstrap has it, or `DEFAULT_ADDRESS`. */
  readonly address: Address | null;
  /** The name of Sluice's cluster; null: as the bootstrap has it, or `sluice`. */
  readonly sluiceCluster: string | null;
  /** The second number of Envoy's version: 40 for 1.40.0. */
  readonly envoyMinor: number;
  /** Names or patterns of listeners, and `stat_prefix`es of connection managers; empty: all. */
  readonly listeners: readonly string[];
  readonly statPrefixes: readonly string[];
}

export const DEFAULT_ADDRESS: Address = { kind: 'tcp', host: '127.0.0.1', port: 9002 };

/** Priority groups, which give each attempt a cluster of its own. */
export function hasGroups({ envoyMinor }: EnvoyOptions): boolean {
  return envoyMinor >= 40;
}

/** Envoy 1.36 ends with a segmentation fault when the judge has a response with a body retried. */
export function canJudge({ envoyMinor }: EnvoyOptions): boolean {
  return envoyMinor >= 37;
}
