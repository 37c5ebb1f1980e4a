import { describe, expect, it } from 'vitest';
import { StreamError } from '../../../src/server/h2/errors.js';
import type { Header } from '../../../src/server/h2/hpack/static-table.js';
import { CODE } from '../../../src/server/h2/protocol.js';
import { checkTrailers, readRequestHead } from '../../../src/server/h2/request-head.js';
import { requestList } from './support/frames.js';

const read = (changes: Record<string, string | null> = {}, ...more: Header[]) =>
  readRequestHead([...requestList(changes), ...more]);

describe('the head of a request', () => {
  it('is what the services need of it', () => {
    expect(read({ 'content-length': '12' })).toEqual({
      method: 'POST',
      path: '/envoy.service.ext_proc.v3.ExternalProcessor/Process',
      contentType: 'application/grpc',
      role: 'admission',
      contentLength: 12,
    });
    expect(read({ 'content-type': null, 'x-sluice-role': null })).toMatchObject({
      contentType: '',
      role: undefined,
      contentLength: null,
    });
  });

  it('takes the first of two roles', () => {
    expect(read({}, ['x-sluice-role', 'judge']).role).toBe('admission');
  });

  it('may say the same content-length twice', () => {
    expect(read({ 'content-length': '0' }, ['content-length', '0']).contentLength).toBe(0);
  });

  it.each<[string, Record<string, string | null>, Header[]]>([
    ['no method', { ':method': null }, []],
    ['no scheme', { ':scheme': null }, []],
    ['no path', { ':path': null }, []],
    ['an empty path', { ':path': '' }, []],
    ['a pseudo header of answers', { ':status': '200' }, []],
    ['an unknown pseudo header', { ':protocol': 'websocket' }, []],
    ['a pseudo header twice', {}, [[':path', '/b']]],
    ['a pseudo header after others', { ':authority': null }, [[':authority', 'late']]],
    ['capitals in a name', {}, [['X-Test', '1']]],
    ['an empty name', {}, [['', '1']]],
    ['a space in a name', {}, [['x y', '1']]],
    ['a colon in a name', {}, [['x:y', '1']]],
    ['a line break in a value', {}, [['x', 'a\nb']]],
    ['a carriage return in a value', {}, [['x', 'a\rb']]],
    ['a zero in a value', {}, [['x', 'a\0b']]],
    ['a zero in the path', { ':path': '/\0' }, []],
    ['a value that begins with a space', {}, [['x', ' a']]],
    ['a value that ends with a tab', {}, [['x', 'a\t']]],
    ['connection', {}, [['connection', 'close']]],
    ['keep-alive', {}, [['keep-alive', '1']]],
    ['proxy-connection', {}, [['proxy-connection', 'close']]],
    ['transfer-encoding', {}, [['transfer-encoding', 'chunked']]],
    ['upgrade', {}, [['upgrade', 'h2c']]],
    ['te that is not trailers', { te: 'gzip' }, []],
    ['two lengths', { 'content-length': '1' }, [['content-length', '2']]],
    ['a length that is no number', { 'content-length': '1a' }, []],
    ['a negative length', { 'content-length': '-1' }, []],
    ['a length of nothing', { 'content-length': '' }, []],
    ['a length beyond counting', { 'content-length': '9'.repeat(16) }, []],
  ])('may not have %s', (_, changes, more) => {
    expect(() => read(changes, ...more)).toThrow(StreamError);
    expect(() => read(changes, ...more)).toThrow(expect.objectContaining({ code: CODE.protocolError }));
  });
});

describe('trailers of a request', () => {
  it('are ordinary headers', () => {
    expect(checkTrailers([['x-checksum', 'abc']])).toBeUndefined();
  });

  it.each<Header>([
    [':path', '/'],
    ['connection', 'close'],
    ['X', '1'],
  ])('may not have %s', (name, value) => {
    expect(() => checkTrailers([[name, value]])).toThrow(StreamError);
  });
});
