// What was done to Sluice from outside, and was coped with: nothing is wrong inside, and an operator wants to know.

export const DISTURBANCES = [
  'stalled', // it did not get to run for half a second or longer: stopped, blocked or starved; Envoy went on without it
  'trace_ended', // a stream of the access log ended: Envoy restarts, reloads its listener, or lost the connection
  'socket_removed', // the file of the Unix socket was gone, and was made anew
  'clock_set', // the wall clock was set by more than a second; decisions do not use it
] as const;
export type Disturbance = (typeof DISTURBANCES)[number];
