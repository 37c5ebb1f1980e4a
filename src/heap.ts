// What V8 is told about memory before there is any traffic. It watches how long objects live that are made in one place of
// the code, and where nearly all of them lived long it makes the next ones in the old generation of the heap at once, for
// good. Here they live long at first, when every request is held until a first log entry shows that there is a log,
// and a moment ever after: most of what a request needs would be garbage that only full collections find.

import { setFlagsFromString } from 'node:v8';

/** Before the first request. */
export function keepYoungObjectsYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
