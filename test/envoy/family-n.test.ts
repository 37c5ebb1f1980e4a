// An inference pool through a real Envoy: family N. Its waits are in waits.test.ts.

import { familyN, policyN } from './rows/family-n.js';
import { describeRows } from './rows/run.js';

describeRows('family N', { policy: policyN }, familyN);
