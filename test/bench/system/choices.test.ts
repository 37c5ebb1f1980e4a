import { describe, expect, it } from 'vitest';
import { connectionManager, list, object, readBootstrap } from '../../support/bootstrap.js';
import { BROWSER, CHOICES, choose, SHIPPED } from './choices.js';

function filterWith(name: string) {
  const choice = CHOICES.find((each) => each.name === name);
  if (choice === undefined) throw new Error(`no choice ${name}`);
  const bootstrap = readBootstrap();
  choose(bootstrap, choice);
  const [first] = list(connectionManager(bootstrap).http_filters);
  return object(first?.typed_config);
}

describe('a choice of what Envoy tells', () => {
  const shipped = filterWith(SHIPPED.name);

  it('is compared with the file that is shipped', () => {
    expect(shipped).toEqual(list(connectionManager(readBootstrap()).http_filters)[0]?.typed_config);
  });

  it.each([
    ['all headers, without `forward_rules`', 'forward_rules'],
    ['no attributes of requests', 'request_attributes'],
    ['no attributes of responses', 'response_attributes'],
  ])('%s: takes that out and nothing else', (name, key) => {
    const { [key]: taken, ...rest } = shipped;
    expect(taken).toBeDefined();
    expect(filterWith(name)).toEqual(rest);
  });

  it('without a response phase asks for none', () => {
    const mode = { ...object(shipped.processing_mode), response_header_mode: 'SKIP' };
    expect(filterWith('no response phase')).toEqual({ ...shipped, processing_mode: mode });
  });
});

it("a browser's headers are a thousand bytes and more, and none that is sent on to Sluice", () => {
  expect(BROWSER.join('\r\n').length).toBeGreaterThan(1_000);
  expect(BROWSER.filter((header) => header.startsWith('x-'))).toEqual([]);
});
