// Reads answers off a kept connection: as much of HTTP/1.1 as Envoy sends to a client that asks one thing at a time. Node's
// own client costs three times as much, and the load must not be what the machine is busy with.

export interface RawAnswer {
  readonly status: number;
  readonly body: string;
  /** `x-sluice-reason`; '' where there is none. */
  readonly reason: string;
  /** The server will close the connection. */
  readonly close: boolean;
}

const HEAD_END = '\r\n\r\n';
const CHUNKS_END = '0\r\n\r\n';

export class HttpReader {
  #text = '';

  /** A byte has come that belongs to no finished answer. */
  get begun(): boolean {
    return this.#text !== '';
  }

  /** The answer, once all of it is there; the next call begins the next one. */
  read(chunk: string): RawAnswer | null {
    this.#text += chunk;
    const end = this.#text.indexOf(HEAD_END);
    if (end < 0) return null;
    const head = this.#text.slice(0, end + 2).toLowerCase();
    const body = this.#text.slice(end + HEAD_END.length);
    if (!isWhole(head, body)) return null;
    this.#text = '';
    return {
      status: Number(head.slice(9, 12)),
      body,
      reason: headerOf(head, 'x-sluice-reason'),
      close: headerOf(head, 'connection') === 'close',
    };
  }
}

function isWhole(head: string, body: string): boolean {
  if (headerOf(head, 'transfer-encoding') === 'chunked') return body.endsWith(CHUNKS_END);
  return body.length >= Number(headerOf(head, 'content-length'));
}

/** '' where it is not there. `head` is in lower case. */
function headerOf(head: string, name: string): string {
  const at = head.indexOf(`\r\n${name}: `);
  if (at < 0) return '';
  const start = at + name.length + 4;
  return head.slice(start, head.indexOf('\r\n', start));
}
