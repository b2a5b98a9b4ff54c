import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { formatListenAddress, isLocal, parseListenAddress } from '../../src/listen/address.ts';

const parse = (text: string) => parseListenAddress(text, '--listen');

describe('an address to listen on', () => {
  it.each([
    ['127.0.0.1:9191', { kind: 'tcp', host: '127.0.0.1', port: 9191 }],
    ['localhost:0', { kind: 'tcp', host: 'localhost', port: 0 }],
    [':9191', { kind: 'tcp', host: '', port: 9191 }],
    ['[::1]:9191', { kind: 'tcp', host: '::1', port: 9191 }],
    ['[fe80::1%eth0]:65535', { kind: 'tcp', host: 'fe80::1%eth0', port: 65_535 }],
    ['unix:/run/ostiary/grpc.sock', { kind: 'unix', path: '/run/ostiary/grpc.sock', mode: 0o660 }],
    ['unix:///run/ostiary/grpc.sock', { kind: 'unix', path: '/run/ostiary/grpc.sock', mode: 0o660 }],
    ['unix:/a/../b.sock', { kind: 'unix', path: '/b.sock', mode: 0o660 }],
  ])('may be %s', (text, address) => {
    expect(parse(text)).toEqual(address);
  });

  it('may be a Unix socket beside the working directory, with permissions of its own', () => {
    expect(parseListenAddress('unix:grpc.sock', '--listen', 0o600)).toEqual({
      kind: 'unix',
      path: `${process.cwd()}/grpc.sock`,
      mode: 0o600,
    });
  });

  it.each([
    ['', 'it has no host and port'],
    ['9191', 'it has no host and port'],
    ['localhost', 'it has no host and port'],
    ['localhost:', 'it has no host and port'],
    ['localhost:http', 'it has no host and port'],
    ['http://localhost:9191', 'it has no host and port'],
    ['::1:9191', 'an IPv6 address needs square brackets'],
    ['localhost:65536', 'a port is at most 65535'],
    ['local host:1', 'it has no host and port'],
    ['[localhost]:1', 'it has no host and port'],
    ['unix:', 'the path of the socket is missing'],
    ['unix:///', 'the path of the socket is missing'],
    ['unix://run/grpc.sock', 'absolute path'],
    [`unix:/${'x'.repeat(120)}`, 'longer than 107 bytes'],
  ])('can not be %j', (text, why) => {
    expect(() => parse(text)).toThrow(why);
    expect(() => parse(text)).toThrow(/^--listen ".*": .*; expected host:port/);
    expect(() => parse(text)).toThrow(UserError);
  });

  it.each(['127.0.0.1:9191', ':9191', '[::1]:9191', 'unix:/run/grpc.sock'])('is shown as it was given: %s', (text) => {
    expect(formatListenAddress(parse(text))).toBe(text);
  });

  it.each([
    ['127.0.0.1:1', true],
    ['127.9.9.9:1', true],
    ['localhost:1', true],
    ['[::1]:1', true],
    ['unix:/run/grpc.sock', true],
    [':1', false],
    ['0.0.0.0:1', false],
    ['[::]:1', false],
    ['10.0.0.1:1', false],
    ['127.0.0.1.example:1', false],
  ])('%s is for this machine alone: %s', (text, local) => {
    expect(isLocal(parse(text))).toBe(local);
  });
});
