// What may be chosen differently from envoy.yaml in what Envoy tells Sluice at admission, and what a browser sends.

import { at, connectionManager, type JsonObject, list, object } from '../../support/bootstrap.js';
import { ADMISSION_FILTER } from './wiring.js';

export interface Choice {
  readonly name: string;
  /** Changes the configuration of the filter at admission. */
  readonly change: (filter: JsonObject) => void;
}

/** What all others are compared with. */
export const SHIPPED: Choice = { name: 'as in envoy.yaml', change: () => undefined };

export const CHOICES: readonly Choice[] = [
  SHIPPED,
  { name: 'the same again: what chance makes', change: () => undefined },
  { name: 'all headers, without `forward_rules`', change: (filter) => void delete filter.forward_rules },
  { name: 'no attributes of requests', change: (filter) => void delete filter.request_attributes },
  { name: 'no attributes of responses', change: (filter) => void delete filter.response_attributes },
  {
    name: 'no response phase',
    change: (filter) => {
      object(filter.processing_mode).response_header_mode = 'SKIP';
    },
  },
];

/** Of the filter at admission in a parsed envoy.yaml. */
export function choose(bootstrap: JsonObject, { change }: Choice): void {
  const filter = list(connectionManager(bootstrap).http_filters).find(({ name }) => name === ADMISSION_FILTER);
  if (filter === undefined) throw new Error(`the bootstrap has no filter ${ADMISSION_FILTER}`);
  change(object(at(filter, 'typed_config')));
}

/** A thousand bytes and more, as browsers send them with every request. */
export const BROWSER: readonly string[] = [
  'user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8',
  'accept-encoding: gzip, deflate, br, zstd',
  'accept-language: en-GB,en;q=0.9,de;q=0.8,fr;q=0.7',
  'cache-control: max-age=0',
  `cookie: session=${'0123456789abcdef'.repeat(20)}; theme=dark; consent=${'a1b2'.repeat(24)}`,
  'dnt: 1',
  'priority: u=0, i',
  'referer: https://shop.example.com/catalogue/garden/chairs?sort=price&page=3&per_page=48',
  'sec-ch-ua: "Chromium";v="142", "Not_A Brand";v="24"',
  'sec-ch-ua-mobile: ?0',
  'sec-ch-ua-platform: "Linux"',
  'sec-fetch-dest: document',
  'sec-fetch-mode: navigate',
  'sec-fetch-site: same-origin',
  'sec-fetch-user: ?1',
  'upgrade-insecure-requests: 1',
];
