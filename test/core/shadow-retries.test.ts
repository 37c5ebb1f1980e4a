// Mode shadow of retries only tells. Where Envoy retries by its own policy meanwhile, it does as if Sluice were not there.

import { describe, expect, it } from 'vitest';
import { CoreWorld } from '../support/core-world.js';
import { FACTS } from './support.js';

const admitted = (mode: string) => {
  const world = new CoreWorld({ defaults: { retry: { mode, maxRetries: 2 } }, clusters: { a: { fallback: ['b'] } } });
  return world.engine.admit(FACTS, world.now);
};

describe('a request with a fallback', () => {
  it('has its retries sent there in mode enforce', () => {
    expect(admitted('enforce')).toMatchObject({ retries: { maxRetries: 2 }, order: ['a', 'b', 'a'] });
  });

  it.each(['shadow', 'off'])('goes where Envoy sends it in mode %s, every attempt', (mode) => {
    expect(admitted(mode)).toMatchObject({ retries: 'leave', order: null });
  });
});
