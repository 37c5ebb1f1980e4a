// Where Sluice can go wrong inside. It fails open, so a fault is visible only here: as a count and a log line.

export const FAULT_REASONS = [
  'decision', // a stream's handler threw: Envoy was let through without a decision
  'trace', // an access log entry could not be used
  'observer', // counting, logging or keeping threw
  'scrape', // a gauge could not be read
  'admin', // a handler of the admin server threw
  'socket', // the Unix socket could not be made anew after its file was removed
  'reload', // watching or reading the policy file failed in a way that is not the file's fault
  'process', // an exception or a rejection that nothing caught
] as const;
export type FaultReason = (typeof FAULT_REASONS)[number];
