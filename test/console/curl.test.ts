import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkOf, curlOf } from '../../console/src/views/ops/check-of.ts';
import { shellWords } from '../../console/src/views/ops/curl-words.ts';
import { parsedCurl } from '../../console/src/views/ops/curl.ts';

describe('words of a shell', () => {
  it.each<[string, readonly string[]]>([
    ['a  b\tc', ['a', 'b', 'c']],
    [`'a b'"c d"e`, ['a bc de']],
    [`'' ""`, ['', '']],
    [String.raw`a\ b \'`, ['a b', "'"]],
    [String.raw`"a\"b\n\$"`, [String.raw`a"b\n$`]],
    ['a \\\n  b \\\r\n c', ['a', 'b', 'c']],
    ['"a\\\nb"', ['ab']],
    [String.raw`$'a\n\t\'\x41\101é\U0001F600b'`, ["a\n\t'AAé😀b"]],
    [String.raw`$'\x414'`, ['A4']],
    ['a # b\nc', ['a', 'c']],
    ['a#b', ['a#b']],
  ])('of %j', (line, words) => {
    expect(shellWords(line)).toEqual({ words, notes: [] });
  });

  it.each([
    [`'a`, "A ' is not closed."],
    [`"a`, 'A " is not closed.'],
    [`$'a`, "A $' is not closed."],
    ['a | jq', 'From | on the line is for the shell, and is left out.'],
    ['"Bearer $TOKEN"', '$TOKEN is not known here: write its value.'],
    ['$(cat token)', '$(cat token) is not known here: write its value.'],
    ['${TOKEN}', '${TOKEN} is not known here: write its value.'],
  ])('%j: tells what only a shell knows', (line, note) => {
    expect(shellWords(line).notes).toEqual([note]);
  });

  it('takes nothing of what is in single quotes for anything else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const quoted = `'${text.replaceAll("'", String.raw`'\''`)}'`;
        expect(shellWords(quoted)).toEqual({ words: [text], notes: [] });
      }),
    );
  });
});

const DEFAULTS = { accept: '*/*', 'user-agent': 'curl/8.0' };

describe('a line with curl', () => {
  it.each<[string, object]>([
    ['curl example.com', { method: 'GET', scheme: 'http', host: 'example.com', path: '/', headers: DEFAULTS }],
    ['$ curl https://h:443/a?b=c#d', { scheme: 'https', host: 'h', path: '/a?b=c' }],
    ['curl http://h:443/a/../b/./c/..', { host: 'h:443', path: '/b/' }],
    ['curl --path-as-is h/a/../b', { path: '/a/../b' }],
    ['curl h/a%2F..%2Fb', { path: '/a%2F..%2Fb' }],
    ['curl h?x', { path: '/?x' }],
    ['curl -sSXPUT --url h/a', { method: 'PUT', path: '/a' }],
    ['curl -X DELETE h', { method: 'DELETE' }],
    ['curl -I h', { method: 'HEAD' }],
    ['curl h --data-urlencode "a=b c" -G -d x=1', { method: 'GET', path: '/?a=b%20c&x=1', headers: DEFAULTS }],
    [
      `curl h -d a=1`,
      { method: 'POST', headers: { ...DEFAULTS, 'content-type': 'application/x-www-form-urlencoded' } },
    ],
    [
      `curl h --json '{}'`,
      { method: 'POST', headers: { ...DEFAULTS, accept: 'application/json', 'content-type': 'application/json' } },
    ],
    [
      `curl h -H'X-A: 1' -H "x-a:2" -H 'Accept:' -H 'X-E;'`,
      { headers: { 'user-agent': 'curl/8.0', 'x-a': '1,2', 'x-e': '' } },
    ],
    [`curl h -H 'Host: other.example:8080'`, { host: 'other.example:8080', headers: DEFAULTS }],
    ['curl -u bob:ß h', { headers: { ...DEFAULTS, authorization: 'Basic Ym9iOsOf' } }],
    ['curl http://bob:a%40b@h/', { host: 'h', headers: { ...DEFAULTS, authorization: 'Basic Ym9iOmFAYg==' } }],
    ['curl --oauth2-bearer abc h', { headers: { ...DEFAULTS, authorization: 'Bearer abc' } }],
    ['curl -A me -b a=1 -b b=2 h -o out', { headers: { accept: '*/*', 'user-agent': 'me', cookie: 'a=1; b=2' } }],
    ['curl "http://[::1]:8080/"', { host: '[::1]:8080' }],
  ])('%s', (line, request) => {
    const parsed = parsedCurl(line);
    expect(parsed.fault).toBeUndefined();
    expect(parsed.request).toMatchObject(request);
    const { headers } = request as { readonly headers?: object };
    if (headers !== undefined) expect(parsed.request?.headers).toEqual(headers);
  });

  it.each([
    ['curl h -d a', 'The body is left out: a decision is made without it.'],
    ['curl --frobnicate h', 'The flag --frobnicate is not known here, and is left out.'],
    ['curl -sZ h', 'The flag -Z is not known here, and is left out.'],
    ['curl h -H', 'The flag -H has no value.'],
    ['curl h -H nothing', '"nothing" is no header, and is left out.'],
    ['curl h -H @file', 'Headers of the file file are not read.'],
    [String.raw`curl h -H $'a: b\nc: d'`, 'The value of a has a line break, and is left out.'],
    ['curl -L h', 'It follows no redirect: only the first request is explained.'],
    ['curl h i', 'Only the first of its 2 URLs is asked for.'],
    ['curl -u bob h', '-u names no password: curl would ask for one.'],
    ['curl h/{id}', 'Put a value in place of what stands in brackets in the path.'],
  ])('%s: tells what is not as curl would send it', (line, note) => {
    expect(parsedCurl(line)).toMatchObject({ fault: undefined, notes: [note] });
  });

  it.each([
    ['', 'There is nothing to read yet.'],
    ['wget h', 'It begins with wget, and not with curl.'],
    ['curl -v', 'It names no URL.'],
    ['curl ftp://h/a', 'Its URL is of ftp: only http and https pass an Envoy.'],
    ['curl http:///a', 'Its URL names no host.'],
    [`curl ${'a'.repeat(100_000)}`, 'It is too long to be read.'],
  ])('%.20s is no request, and says why', (line, fault) => {
    expect(parsedCurl(line)).toMatchObject({ request: undefined, fault });
  });

  it('reads whatever is pasted, and never fails', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const { fault, request } = parsedCurl(`curl ${text}`);
        expect(fault === undefined).toBe(request !== undefined);
      }),
    );
  });
});

describe('a Check', () => {
  it('has the headers as Envoy sends them', () => {
    const { request } = parsedCurl('curl https://h/a -H "X-Key: 1"');
    expect(checkOf(request!, '192.0.2.1', 0)).toMatchObject({
      attributes: {
        source: { address: { socketAddress: { address: '192.0.2.1' } } },
        request: {
          time: '1970-01-01T00:00:00.000Z',
          http: {
            method: 'GET',
            path: '/a',
            host: 'h',
            scheme: 'https',
            headers: { ':authority': 'h', ':method': 'GET', ':path': '/a', ':scheme': 'https', 'x-key': '1' },
          },
        },
      },
    });
  });

  it('of a request that is kept begins with what is known of it', () => {
    const line = curlOf({ method: 'POST', route: "/orders/{id}/it's" }, 'api.example.com');
    expect(parsedCurl(line).request).toMatchObject({
      method: 'POST',
      host: 'api.example.com',
      path: "/orders/{id}/it's",
    });
  });
});
