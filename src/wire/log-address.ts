// Where an attempt went, as the access log says it: an IP address and a port, or the path of a Unix socket.

import { Span } from './log-parts.js';
import { LENGTH, type Reader, tagOf, VARINT } from './protobuf/reader.js';

const SOCKET_ADDRESS = tagOf(1, LENGTH);
const PIPE = tagOf(2, LENGTH);
const PIPE_PATH = tagOf(1, LENGTH);
const IP = tagOf(2, LENGTH);
const PORT = tagOf(3, VARINT);

export class LogAddress {
  private readonly ip = new Span();
  private readonly path = new Span();
  private port = 0;
  /** Tag of the arm that came last; 0: none that is known. */
  private arm = 0;

  /** Address and port, IPv6 in brackets, or the path of a socket; null: none of them. */
  text(reader: Reader): string | null {
    if (this.arm === PIPE) return this.path.present ? this.path.text(reader) : null;
    if (this.arm !== SOCKET_ADDRESS || !this.ip.present) return null;
    return hostText(this.ip.text(reader), this.port);
  }

  read(reader: Reader): void {
    const outer = reader.enter();
    while (reader.more) {
      const tag = reader.tag();
      if (tag === SOCKET_ADDRESS || tag === PIPE) this.readArm(reader, tag);
      else reader.skip(tag);
    }
    reader.leave(outer);
  }

  clear(): void {
    this.ip.clear();
    this.path.clear();
    this.port = 0;
    this.arm = 0;
  }

  /** The arms exclude each other: the last one counts, put together where it comes in pieces. */
  private readArm(reader: Reader, arm: number): void {
    if (this.arm !== arm) this.clear();
    this.arm = arm;
    const outer = reader.enter();
    while (reader.more) {
      const tag = reader.tag();
      if (arm === PIPE && tag === PIPE_PATH) this.path.read(reader);
      else if (arm === SOCKET_ADDRESS && tag === IP) this.ip.read(reader);
      else if (arm === SOCKET_ADDRESS && tag === PORT) this.port = reader.uint32();
      else reader.skip(tag);
    }
    reader.leave(outer);
  }
}

/** Hosts are few and their entries many. */
const HOSTS = 256;
const ips: string[] = new Array<string>(HOSTS).fill('');
const ports: number[] = new Array<number>(HOSTS).fill(-1);
const hosts: string[] = new Array<string>(HOSTS).fill('');

function hostText(ip: string, port: number): string {
  const slot = (port ^ (ip.charCodeAt(ip.length - 1) * 31)) & (HOSTS - 1);
  if (ports[slot] === port && ips[slot] === ip) return hosts[slot] ?? '';
  const text = ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
  ips[slot] = ip;
  ports[slot] = port;
  hosts[slot] = text;
  return text;
}
