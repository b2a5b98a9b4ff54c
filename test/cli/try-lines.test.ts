import { describe, expect, test } from 'vitest';
import type { ListenAddress } from '../../src/listen/address.ts';
import { tryLines } from '../../src/serve/try-lines.ts';
import type { Listening } from '../../src/serve/try-lines.ts';
import { apiOf, snapshotOf } from '../policy/fixtures.ts';

const tcp = (host: string, port: number): ListenAddress => ({ kind: 'tcp', host, port });
const listening: Listening = {
  grpc: tcp('127.0.0.1', 9191),
  admin: tcp('127.0.0.1', 9190),
  api: tcp('127.0.0.1', 9192),
  tls: 'none',
  apiTokenFile: undefined,
  policies: ['policies', 'more'],
};
const snapshot = snapshotOf([apiOf({ name: 'orders', hosts: ['*.example.com'], basePath: '/orders' })]);

describe('the lines to try', () => {
  test('name every listener, and a request that the first API matches', () => {
    const lines = tryLines(listening, snapshot).split('\n');
    expect(lines[0]).toBe(
      'ostiary answers Checks on 127.0.0.1:9191, operators on 127.0.0.1:9192, metrics and readiness on 127.0.0.1:9190',
    );
    const request = '{"attributes":{"request":{"http":{"method":"GET","path":"/orders","host":"www.example.com"}}}}';
    expect(lines.slice(2)).toEqual([
      `  grpcurl -plaintext -d '${request}' 127.0.0.1:9191 envoy.service.auth.v3.Authorization/Check`,
      `  curl http://127.0.0.1:9192/ostiary.v1.InspectionService/Explain -H 'content-type: application/json' -d '{"check":${request}}'`,
      '  npm run -s ostiary -- check --policies policies --policies more --host www.example.com --path /orders',
      '',
    ]);
  });

  test('send the token where Explain needs it', () => {
    const guarded = { ...listening, apiTokenFile: '/etc/ostiary/token' };
    expect(tryLines(guarded, snapshot)).toContain(' -H "authorization: Bearer $(cat /etc/ostiary/token)" ');
    const socket = { kind: 'unix', path: '/run/api.sock', mode: 0o600 } as const;
    expect(tryLines({ ...guarded, api: socket }, snapshot)).not.toContain('authorization:');
  });

  test('call an address that can be called where every address is listened on', () => {
    const everywhere = { ...listening, grpc: tcp('0.0.0.0', 9191), api: tcp('::', 9192) };
    expect(tryLines(everywhere, snapshot)).toMatch(/ 127\.0\.0\.1:9191 envoy[^]*http:\/\/127\.0\.0\.1:9192\//);
  });
});
