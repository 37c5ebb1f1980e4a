// Exponential backoff for tools through a real Envoy: family I.

import { familyI, policyI } from './rows/family-i.js';
import { describeRows } from './rows/run.js';

describeRows('family I', { policy: policyI }, familyI);
