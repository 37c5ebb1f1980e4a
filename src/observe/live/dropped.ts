// Why a reader of /events was turned away or let go: the label of a metric, so a closed list.

/** `full`: as many as may be are connected. `slow`: it did not read what it was sent. */
export const DROPPED_WATCHERS = ['full', 'slow'] as const;
export type DroppedWatcher = (typeof DROPPED_WATCHERS)[number];
