import { describe, expect, it } from 'vitest';
import { Code, RpcError } from '../../src/grpc/rpc.ts';

import { allow, open, TOLD } from './fixture.ts';

describe('a question of a proxy', () => {
  it('decides what the proxy tells, not how it asks', async () => {
    const seen: unknown[] = [];
    const { ask: asked } = await open(({ check }) => {
      seen.push([
        check.method,
        check.path,
        check.host,
        check.sourceAddress,
        check.header('accept'),
        check.header('x-real-ip'),
      ]);
      return {};
    });
    const answer = await asked(
      { 'x-original-method': 'DELETE', 'x-original-uri': '/orders/7?x=1', accept: ['a', 'b'] },
      { method: 'POST', path: '/other' },
    );
    expect(answer).toMatchObject({ status: 200, body: '', headers: { 'cache-control': 'no-store' } });
    expect(seen).toEqual([['DELETE', '/orders/7?x=1', 'shop.example', '192.0.2.7', 'a,b', undefined]]);
  });

  it('gives an allow its headers for the upstream, as octets of UTF-8', async () => {
    const { ask: asked } = await open(() => ({ upstream: [['x-user', 'Łukasz']] }));
    const { status, headers } = await asked();
    expect([status, Buffer.from(headers['x-user'] as string, 'latin1').toString()]).toEqual([200, 'Łukasz']);
  });

  it('tells HAProxy what to set and what to remove, and Envoy what to remove', async () => {
    const outcome = {
      upstream: [['x-user', 'ada']] as const,
      remove: ['client_secret'],
      response: [['x-shown', '1']] as const,
    };
    const haproxy = await open(() => outcome, { profile: 'haproxy' });
    const { headers } = await haproxy.ask({ client_secret: 's', 'x-user': 'eve', x_user: 'eve' });
    expect(headers).toMatchObject({ 'x-ostiary-set': 'x-user', 'x-user': 'ada', 'x-shown': '1' });
    expect(String(headers['x-ostiary-remove']).split(',')).toEqual(
      expect.arrayContaining(['client_secret', 'x_user', 'x-ostiary-client-id', 'x_ostiary_client_id']),
    );
    const envoy = await open(() => outcome, { profile: 'envoy' });
    const answer = await envoy.ask({ host: 'shop.example', client_secret: 's' }, { path: '/orders' });
    expect(String(answer.headers['x-envoy-auth-headers-to-remove']).split(',')).toContain('client_secret');
    expect(answer.headers['x-ostiary-set']).toBeUndefined();
  });

  it('makes of a denial what the proxy passes on, and tells what it was', async () => {
    const denial = { reason: 'store_unavailable', detail: 'away', retryAfterSeconds: 3 } as const;
    for (const [profile, status] of [
      ['nginx', 403],
      ['haproxy', 503],
    ] as const) {
      const { ask: asked } = await open(() => denial, { profile });
      const answer = await asked();
      expect(answer).toMatchObject({ status, headers: { 'x-ostiary-status': '503', 'cache-control': 'no-store' } });
      expect(answer.body).toContain('error');
    }
  });

  it.each(['envoy', 'nginx', 'haproxy'] as const)('never gives %s a success that a policy answers', async (profile) => {
    for (const [httpStatus, body] of [
      [200, ''],
      [200, '{}'],
      [201, ''],
      [204, ''],
    ] as const) {
      const { ask: asked } = await open(() => ({ answer: { httpStatus, headers: [['x-own', '1']], body } }), {
        profile,
      });
      const { status, headers } = await asked({ host: 'shop.example' }, { path: '/orders' });
      // Envoy passes a 204 on to its client as it is.
      expect(status).toBe(profile === 'envoy' && body === '' && httpStatus !== 201 ? 204 : 403);
      expect(headers['x-ostiary-status']).toBe(String(body === '' && httpStatus === 200 ? 204 : httpStatus));
      expect(headers['x-own']).toBe('1');
    }
  });

  it('refuses a caller who sends a header that only ostiary sets, in any spelling, where the proxy would pass it on', async () => {
    for (const name of ['x-user', 'x_user', 'X.User', 'x-ostiary-client-id', 'x_ostiary-client~id']) {
      const { ask: asked, onRefused } = await open(allow);
      const answer = await asked({ [name]: 'eve' });
      expect(answer).toMatchObject({ status: 403, headers: { 'x-ostiary-status': '403' } });
      expect(onRefused).toHaveBeenCalledWith('header_owned', expect.not.stringContaining('~'));
    }
  });

  it('refuses to leave a header that the decision removes or sets, unless the proxy strips exactly that one', async () => {
    const outcome = { upstream: [['authorization', 'Basic b3VycyA6']] as const, remove: ['client_secret'] };
    const careless = await open(() => outcome);
    expect((await careless.ask()).status).toBe(200);
    for (const name of ['client_secret', 'authorization']) {
      const answer = await careless.ask({ [name]: 'x' });
      expect(answer.status).toBe(403);
      // Nothing of the allow is told.
      expect(answer.headers['authorization']).toBeUndefined();
      expect(careless.onRefused).toHaveBeenLastCalledWith('header_kept', expect.stringContaining('--http-stripped'));
    }
    const careful = await open(() => outcome, { stripped: new Set(['client_secret', 'authorization', 'x-user']) });
    expect((await careful.ask({ client_secret: 's', authorization: 'x', 'x-user': 'eve' })).status).toBe(200);
    expect((await careful.ask({ x_user: 'eve' })).status).toBe(403);
  });

  it('refuses what it is not told, and what is told twice', async () => {
    const { ask: asked, onRefused } = await open(allow);
    for (const header of Object.keys(TOLD)) {
      const answer = await asked({ [header]: ['/orders', 'x'] });
      expect([header, answer.status]).toEqual([header, 403]);
    }
    expect(onRefused.mock.calls.map(([reason]) => reason)).toEqual(Object.keys(TOLD).map(() => 'request_untold'));
  });

  it.each([
    'http://shop.example/orders',
    '//../orders',
    '/orders#x',
    '/orders%2fx',
    '/orders\\x',
    '/%00',
    'orders',
    '/\u00ff',
  ])('denies the target %j', async (target) => {
    const { ask: asked } = await open(allow);
    expect((await asked({ 'x-original-uri': target })).status).toBe(403);
  });

  it('denies where it fails: an unexpected failure, a deadline, an answer that can not be sent', async () => {
    for (const [check, failed] of [
      [() => Promise.reject(new Error('a defect')), true],
      [() => Promise.reject(new RpcError(Code.deadlineExceeded, 'late')), false],
      [() => Buffer.from([0xff]), true],
    ] as const) {
      const { ask: asked, onRefused, onFailure } = await open(allow, { check });
      expect(await asked()).toMatchObject({ status: 403, headers: { 'x-ostiary-status': '503' } });
      expect(onRefused).toHaveBeenCalledWith('undecided', 'no decision could be made');
      expect(onFailure).toHaveBeenCalledTimes(failed ? 1 : 0);
    }
    const { ask: asked } = await open(() => ({ upstream: [['x-user', 'a'.repeat(10)]], remove: [] }), {
      check: () => Buffer.alloc(0),
    });
    // A response without a status is no allow.
    expect((await asked()).status).toBe(403);
  });
});
