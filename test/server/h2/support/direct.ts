// The direct transport under test, with limits of the test's choice.

import { LIMITS, type Limits } from '../../../../src/server/h2/limits.js';
import { startDirectServer } from '../../../../src/server/h2/server.js';
import { type Harness, type Options, starting } from '../../support/harness.js';

export function start(options: Options = {}, limits: Partial<Limits> = {}): Promise<Harness> {
  return starting((serverOptions) => startDirectServer(serverOptions, { ...LIMITS, ...limits }))(options);
}
