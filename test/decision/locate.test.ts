import { describe, expect, it } from 'vitest';
import { locate } from '../../src/decision/locate.ts';
import type { HostDifference } from '../../src/decision/locate.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { apiOf, checkOf, portsOf, snapshotOf } from '../policy/fixtures.ts';

function found(snapshot: Snapshot, parts: Parameters<typeof checkOf>[0], ports = portsOf()): string {
  const located = locate(snapshot, checkOf(parts), ports);
  return located.reason ?? located.api?.name ?? 'none';
}

describe('the host of a request', () => {
  const snapshot = snapshotOf([
    apiOf({ name: 'public', hosts: ['public.example.com'] }),
    apiOf({ name: 'ported', hosts: ['orders:8080', '*.svc:9090'] }),
    apiOf({ name: 'private', basePath: '/p' }),
  ]);

  it('is compared with its port and final dot', () => {
    expect(found(snapshot, { host: 'Public.example.com' })).toBe('public');
    for (const host of ['public.example.com:80', 'public.example.com.', 'public.example.com.:80']) {
      expect(found(snapshot, { host, path: '/p' })).toBe('private');
      expect(found(snapshot, { host })).toBe('api_unknown');
    }
    expect(found(snapshot, { host: 'orders:8080' })).toBe('ported');
    expect(found(snapshot, { host: 'a.b.svc:9090' })).toBe('ported');
    expect(found(snapshot, { host: 'orders' })).toBe('api_unknown');
  });

  it('is compared without both where they are ignored', () => {
    const ports = portsOf({ hosts: { port: 'ignore', finalDot: 'ignore' } });
    for (const host of ['public.example.com:80', 'public.example.com.', 'public.example.com.:80']) {
      expect(found(snapshot, { host, path: '/p' }, ports)).toBe('public');
    }
  });

  it.each(['public.example.com..', 'public.example.com:', 'public.example.com:80:80', 'public.example.com:4294967296'])(
    '%s is refused',
    (host) => {
      expect(found(snapshot, { host, path: '/p' })).toBe('host_malformed');
    },
  );

  it('that differs by its port alone is told, and never allowed for want of an API', () => {
    const told: HostDifference[] = [];
    const ports = portsOf({ unmatched: 'allow', hostDiffers: (difference) => void told.push(difference) });
    expect(found(snapshot, { host: 'public.example.com:80' }, ports)).toBe('api_unknown');
    expect(found(snapshot, { host: 'public.example.com.', path: '/p' }, ports)).toBe('private');
    expect(found(snapshot, { host: 'elsewhere.example.com:80' }, ports)).toBe('none');
    expect(found(snapshot, { host: 'orders:8080' }, ports)).toBe('ported');
    expect(told).toEqual([
      { host: 'public.example.com:80', api: 'public', outcome: 'refused' },
      { host: 'public.example.com.', api: 'public', outcome: 'other_api' },
    ]);
  });
});

describe('the path of a request', () => {
  const apis = [
    apiOf({ name: 'orders', basePath: '/orders' }),
    apiOf({ name: 'deep', basePath: '/orders/v2' }),
    apiOf({ name: 'spaced', basePath: '/my café' }),
    apiOf({ name: 'gitlab', basePath: '/projects', encodedSlashes: 'keep' }),
  ];
  const alone = snapshotOf(apis);
  const besideRoot = snapshotOf([...apis, apiOf({ name: 'root' })]);

  it.each([
    '/;x/orders/secret',
    '/orders;a/secret',
    '/orders%3Ba/secret',
    '/orders%3ba/secret',
    '/%6frders/secret',
    '//orders/secret',
    '/./orders/secret',
    '/x/../orders/secret',
    '/orders/../secret',
    '/orders/v2;x/1',
    '/orders/x;y/../v2/1',
    '/orders/%762/1',
    '/orders//v2/1',
    '/my%20caf%c3%a9/x',
    '/projects%2fx',
    '/projects/%2e%2e/orders',
  ])('%s leads to two APIs, and is refused', (path) => {
    for (const snapshot of [alone, besideRoot]) expect(found(snapshot, { path })).toBe('path_malformed');
  });

  it.each([
    ['/orders', 'orders'],
    ['/orders/17;v=1', 'orders'],
    ['/orders/a%20b;c/d%3Be', 'orders'],
    ['/orders//17/./x', 'orders'],
    ['/orders/%41', 'orders'],
    ['/orders/v2/1;x', 'deep'],
    ['/my%20caf%C3%A9/x%20y', 'spaced'],
    ['/projects/group%2fapp/hooks;x', 'gitlab'],
    ['/projects/@scope%2Fname', 'gitlab'],
  ])('%s leads to one', (path, api) => {
    for (const snapshot of [alone, besideRoot]) expect(found(snapshot, { path })).toBe(api);
  });

  it.each([
    '/orders/a%2fb',
    '/x%2fy',
    '/projects/a%2f..%2fb',
    '/projects/..%2forders',
    '/projects/a%2F%2Fb',
    '/projects/a%5cb',
  ])('%s has a slash that its API does not take', (path) => {
    for (const snapshot of [alone, besideRoot]) expect(found(snapshot, { path })).toBe('path_malformed');
    expect(found(alone, { path }, portsOf({ unmatched: 'allow' }))).toBe('path_malformed');
  });
});

describe('an API that its route names', () => {
  const snapshot = snapshotOf([
    apiOf({ name: 'orders', basePath: '/orders', hosts: ['orders.example.com'] }),
    apiOf({ name: 'gitlab', basePath: '/projects', encodedSlashes: 'keep' }),
    apiOf({ name: 'café', basePath: '/café' }),
    apiOf({ name: 'root' }),
  ]);
  const named = (api: string, path: string): string => found(snapshot, { path, extensions: { 'ostiary.api': api } });

  it('takes what lies below its base path, whatever the host', () => {
    expect(named('orders', '/orders')).toBe('orders');
    expect(named('orders', '/orders/admin;v=1')).toBe('orders');
    expect(named('café', '/caf%C3%A9/1')).toBe('café');
    expect(named('root', '/orders;x/..')).toBe('root');
    expect(named('gitlab', '/projects/a%2Fb')).toBe('gitlab');
    expect(named('root', '/a%2Fb')).toBe('path_malformed');
  });

  it.each([
    '/ordersadmin',
    '/orders../admin',
    '/orders;x/admin',
    '/;x/orders',
    '/orders%3Bx/admin',
    '//orders/admin',
    '/%6frders',
    '/orders/../admin',
    '/x/../orders/admin',
    '/',
    '/x',
  ])('denies %s, which lies outside in some reading', (path) => {
    expect(named('orders', path)).toBe('api_unknown');
  });

  it('that does not exist is a denial', () => {
    expect(named('nope', '/orders')).toBe('api_unknown');
    expect(named('', '/orders')).toBe('api_unknown');
  });
});
