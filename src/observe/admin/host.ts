// A page of any site can give its own name the address of this port (DNS rebinding), and its reader's browser then lets it
// read what is here as if it were its own. What gives it away is the name that the browser asks for. So a name that anybody
// can own is only answered where it was named as ours; addresses, and names that nobody can register, always are.

import { isIP } from 'node:net';
import { printable } from '../printable.js';
import { HttpError } from './errors.js';

/** No public domain ends in these: names of a machine, a local network, a company, a cluster. */
const PRIVATE = ['.localhost', '.local', '.internal', '.svc', '.home.arpa'];

/** Throws 421 where the request is not meant for us. Without a name, it does not come from a browser. */
export function checkHost(host: string | undefined, ours: ReadonlySet<string>): void {
  const name = host === undefined ? '' : nameOf(host);
  if (name === '' || isIP(name) !== 0 || !name.includes('.') || ours.has(name)) return;
  if (PRIVATE.some((end) => name.endsWith(end))) return;
  throw new HttpError(
    421,
    `not asked for as ${printable(name)}: use an address, or start Sluice with --http-host ${printable(name)}`,
  );
}

/** Without the port, the brackets of IPv6, and the dot that a full name may end in; in lower case. */
function nameOf(host: string): string {
  const lower = host.toLowerCase();
  if (lower.startsWith('[')) return lower.slice(1, lower.indexOf(']'));
  const colon = lower.indexOf(':');
  const name = colon < 0 ? lower : lower.slice(0, colon);
  return name.endsWith('.') ? name.slice(0, -1) : name;
}
