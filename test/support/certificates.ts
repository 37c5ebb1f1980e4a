// Certificates of the moment, for tests of TLS: an authority, and those it signs. Written in DER by hand, as Node can read
// certificates but not make them, and not every machine has openssl.

import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export interface Certificate {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

export interface Authority extends Certificate {
  /** A certificate for that DNS name. */
  issue(name: string, validity?: Days): Certificate;
}

/** From when to when it is valid, in days from now. */
export interface Days {
  readonly from: number;
  readonly to: number;
}

const TAG = { integer: 0x02, bitString: 0x03, octetString: 0x04, oid: 0x06, utf8: 0x0c, utcTime: 0x17 } as const;
const SEQUENCE = 0x30;
const SET = 0x31;
const DAY_MS = 86_400_000;
const MONTHS: Days = { from: -1, to: 90 };

const OID = {
  commonName: '550403',
  ecdsaWithSha256: '2a8648ce3d040302',
  basicConstraints: '551d13',
  subjectAltName: '551d11',
} as const;

export function makeAuthority(name = 'an authority of tests', days = MONTHS): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const own = { name, key: keys.privateKey };
  const cert = certificate({ subject: name, issuer: own, publicKey: keys.publicKey, extension: isAuthority(), days });
  return { cert, key: pem(keys.privateKey), issue: (subject, validity = MONTHS) => issued(subject, own, validity) };
}

function issued(subject: string, issuer: Issuer, days: Days): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { cert: certificate({ subject, issuer, publicKey, extension: dnsName(subject), days }), key: pem(privateKey) };
}

interface Issuer {
  readonly name: string;
  readonly key: KeyObject;
}

interface Request {
  readonly subject: string;
  readonly issuer: Issuer;
  readonly publicKey: KeyObject;
  readonly extension: Buffer;
  readonly days: Days;
}

function certificate({ subject, issuer, publicKey, extension, days }: Request): string {
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const now = Date.now();
  const body = sequence(
    der(0xa0, der(TAG.integer, Buffer.from([2]))), // version 3
    der(TAG.integer, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    distinguishedName(issuer.name),
    sequence(utcTime(now + days.from * DAY_MS), utcTime(now + days.to * DAY_MS)),
    distinguishedName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(extension)),
  );
  const signature = der(TAG.bitString, Buffer.concat([Buffer.from([0]), sign('sha256', body, issuer.key)]));
  const lines =
    sequence(body, algorithm, signature)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function isAuthority(): Buffer {
  return extensionOf(OID.basicConstraints, sequence(der(0x01, Buffer.from([0xff]))));
}

function dnsName(name: string): Buffer {
  return extensionOf(OID.subjectAltName, sequence(der(0x82, Buffer.from(name))));
}

function extensionOf(id: string, value: Buffer): Buffer {
  return sequence(oid(id), der(TAG.octetString, value));
}

function distinguishedName(name: string): Buffer {
  return sequence(der(SET, sequence(oid(OID.commonName), der(TAG.utf8, Buffer.from(name)))));
}

function utcTime(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/\D/g, '').slice(2, 14);
  return der(TAG.utcTime, Buffer.from(`${digits}Z`));
}

function oid(hex: string): Buffer {
  return der(TAG.oid, Buffer.from(hex, 'hex'));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(SEQUENCE, Buffer.concat(parts));
}

/** Tag, length, content. */
function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const long = length > 0xff ? [0x82, length >> 8, length & 0xff] : [0x81, length];
  return Buffer.concat([Buffer.from([tag, ...(length < 0x80 ? [length] : long)]), content]);
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** What Envoy and people know a certificate by. */
export function fingerprintOf(cert: string): string {
  const base64 = cert.replace(/-----[^-]+-----|\s/g, '');
  return createHash('sha256').update(Buffer.from(base64, 'base64')).digest('hex');
}
