// What Sluice holds after its garbage is collected, and what the system gave it.

import type { World } from '../faults/support/world.js';
import { eventually } from '../support/eventually.js';
import type { Sample } from './trend.js';

export class Memory {
  readonly heap: Sample[] = [];
  readonly resident: Sample[] = [];
  readonly #startedAtMs = performance.now();

  async take(world: World): Promise<void> {
    await world.command('gc');
    // Answered after it: the signal is handled before the request that comes later.
    const { metric } = await eventually(() => world.sluice.metrics());
    const atS = (performance.now() - this.#startedAtMs) / 1000;
    this.heap.push({ atS, bytes: metric('nodejs_heap_size_used_bytes') });
    this.resident.push({ atS, bytes: metric('process_resident_memory_bytes') });
  }
}
