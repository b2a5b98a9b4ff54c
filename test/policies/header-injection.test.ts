import { describe, expect, it } from 'vitest';
import { decide } from '../../src/decision/pipeline.ts';
import { policyKinds } from '../../src/policies/index.ts';
import { document, faultsOf, snapshotOf } from '../document/documents.ts';
import { checkOf, portsOf } from '../policy/fixtures.ts';
import type { CheckParts } from '../policy/fixtures.ts';

const kinds = { policyKinds };

function files(config: object, more: readonly object[] = []) {
  const injection = { policyRef: { name: 'header-injection' }, config };
  return {
    'api.json': document('Api', 'orders', { policies: [injection, ...more] }),
    'other.json': document('Api', 'other', { basePath: '/other' }),
  };
}

async function decided(config: object, parts: CheckParts = {}, more: readonly object[] = []) {
  const snapshot = await snapshotOf(files(config, more), kinds);
  return decide(snapshot, checkOf({ path: '/orders/1', ...parts }), portsOf(), Infinity);
}

const inbound = (...inboundHeaders: readonly object[]) => ({ inboundHeaders });
const outbound = (...outboundHeaders: readonly object[]) => ({ outboundHeaders });
const query = (name: string) => `#[attributes.queryParams['${name}']]`;

describe('header-injection', () => {
  it('sets literals and what expressions select, on both sides', async () => {
    const config = {
      ...inbound({ key: 'X-Tenant', value: 'acme' }, { key: 'x-method', value: '#[attributes.method]' }),
      ...outbound({ key: 'Cache-Control', value: 'no-store' }, { key: 'vary', value: 'accept' }),
    };
    const { upstream, extras } = await decided(config);
    expect(upstream).toEqual([
      ['x-tenant', 'acme'],
      ['x-method', 'GET'],
    ]);
    expect(extras).toMatchObject({ response: [['cache-control', 'no-store']], appendResponse: [['vary', 'accept']] });
  });

  it('owns what it sets: what callers send under the name reaches no upstream of the namespace', async () => {
    const snapshot = await snapshotOf(files(inbound({ key: 'x-tenant', value: query('t') })), kinds);
    for (const path of ['/orders/1', '/other/1']) {
      const check = checkOf({ path, headers: { 'x-tenant': 'forged', 'x.tenant': 'forged' } });
      const { upstream, remove } = await decide(snapshot, check, portsOf(), Infinity);
      expect(upstream).toEqual([]);
      expect(remove).toEqual(expect.arrayContaining(['x-tenant', 'x_tenant', 'x.tenant']));
    }
  });

  it('leaves standard headers to callers elsewhere, and takes them away where it selects nothing', async () => {
    const config = inbound(
      { key: 'authorization', value: query('t') },
      { key: 'x-mine', value: query('u'), callersMaySend: true },
    );
    const snapshot = await snapshotOf(files(config), kinds);
    const headers = { authorization: 'a', 'x-mine': 'b', x_mine: 'c' };
    const here = await decide(snapshot, checkOf({ path: '/orders/1', headers }), portsOf(), Infinity);
    expect(here.remove).toEqual(expect.arrayContaining(['authorization', 'x-mine', 'x_mine']));
    const set = await decide(snapshot, checkOf({ path: '/orders/1?t=1&u=2', headers }), portsOf(), Infinity);
    expect(set.upstream).toEqual([
      ['authorization', '1'],
      ['x-mine', '2'],
    ]);
    expect(set.remove).toContain('x_mine');
    expect(set.remove).not.toContain('authorization');
    const elsewhere = await decide(snapshot, checkOf({ path: '/other/1', headers }), portsOf(), Infinity);
    expect(elsewhere.remove).not.toContain('authorization');
    expect(elsewhere.remove).not.toContain('x-mine');
  });

  it('gives later policies what the upstream will see', async () => {
    const key = { maximumRequests: 1, timePeriodInMilliseconds: 1000 };
    const later = {
      policyRef: { name: 'rate-limiting' },
      config: { rateLimits: [key], keySelector: "#[attributes.headers['x-tenant']]" },
    };
    expect((await decided(inbound({ key: 'x-tenant', value: 'acme' }), {}, [later])).denial).toBeUndefined();
    // Without the policy before it, the selector would never find anything.
    expect(await faultsOf(files(inbound({ key: 'x-a', value: "#[attributes.headers['x-a']]" })), kinds)).toEqual([
      expect.stringContaining('inboundHeaders: reads the header x-a, which a policy sets'),
    ]);
  });

  it.each(['a%0d%0aset-cookie:x', 'a%00', 'a%7f', 'a%c2%85b', 'a%e2%80%a8b', 'x'.repeat(8193)])(
    'refuses the value %j rather than passing on a part of it',
    async (text) => {
      for (const config of [inbound({ key: 'x-a', value: query('v') }), outbound({ key: 'x-a', value: query('v') })]) {
        const { denial } = await decided(config, { path: `/orders/1?v=${text}` });
        expect(denial?.reason).toBe('header_value_refused');
        expect(denial?.detail).not.toContain(text);
      }
    },
  );

  it('takes off the white space around a value, and what is not ASCII as it is', async () => {
    const { upstream } = await decided(inbound({ key: 'x-a', value: query('v') }), {
      path: '/orders/1?v=%20Zo%C3%AB%20',
    });
    expect(upstream).toEqual([['x-a', 'Zoë']]);
  });

  it('takes values in CEL; one that fails sets no header', async () => {
    const config = {
      ...inbound(
        { key: 'x-what', value: { cel: "request.method + ' ' + request.path" } },
        { key: 'x-none', value: { cel: "request.headers['x-missing']" } },
        { key: 'x-text', value: { cel: "'fixed'" } },
      ),
      ...outbound({ key: 'x-split', value: { cel: "'a' + request.headers['x-a']" } }),
    };
    const { upstream, extras } = await decided(config, { headers: { 'x-a': 'b' } });
    expect(upstream).toEqual([
      ['x-what', 'GET /orders/1'],
      ['x-text', 'fixed'],
    ]);
    expect(extras?.response).toEqual([['x-split', 'ab']]);
    expect((await decided(config, { headers: { 'x-a': 'b\nc' } })).denial?.reason).toBe('header_value_refused');
    expect(await faultsOf(files(inbound({ key: 'x-a', value: { cel: 'request.nothing' } })), kinds)).toHaveLength(1);
    expect(await faultsOf(files(inbound({ key: 'x-a', value: { cel: 'claims.sub' } })), kinds)).toEqual([
      expect.stringContaining('inboundHeaders'),
    ]);
  });

  it('is one object for one request and the next where nothing is selected', async () => {
    const snapshot = await snapshotOf(files(outbound({ key: 'x-a', value: 'b' })), kinds);
    const ask = () => decide(snapshot, checkOf({ path: '/orders/1' }), portsOf(), Infinity);
    const [one, other] = [await ask(), await ask()];
    expect(one.extras).toBe(other.extras);
  });

  it.each([
    ':authority',
    ':path',
    'Host',
    'Content-Length',
    'transfer-encoding',
    'Transfer_Encoding',
    'connection',
    'keep-alive',
    'te',
    'trailer',
    'upgrade',
    'content-encoding',
    'x-envoy-original-path',
    'X_Envoy_Retry_On',
    'x-ostiary-client-id',
    'grpc-timeout',
    'proxy-authorization',
  ])('refuses to set %s on either side', async (key) => {
    for (const config of [inbound({ key, value: 'x' }), outbound({ key, value: 'x' })]) {
      expect((await faultsOf(files(config), kinds)).join()).toMatch(
        /Headers\[0\]\.key: .* is a header .* it can't be set/,
      );
    }
  });

  it.each([
    ['what Envoy tells of a request', inbound({ key: 'x-forwarded-for', value: 'x' }), 'by which Envoy tells'],
    ['what Envoy writes itself', outbound({ key: 'server', value: 'x' }), 'Envoy writes into every answer'],
    ['headers of CORS', outbound({ key: 'access-control-allow-origin', value: '*' }), 'bind the policy cors'],
    ['a name that is none', inbound({ key: 'x y', value: 'x' }), 'is not a header name'],
    [
      'a name twice, in two spellings',
      inbound({ key: 'x-a', value: 'x' }, { key: 'X_A', value: 'y' }),
      'is inboundHeaders[0] already',
    ],
    ['nothing', {}, 'is empty'],
    ['a line break', inbound({ key: 'x-a', value: 'a\r\nb' }), 'has a control character'],
    ['an expression that is none', inbound({ key: 'x-a', value: '#[now()]' }), 'is not supported'],
    ['a claim that no policy verifies', inbound({ key: 'x-a', value: '#[vars.claimSet.sub]' }), 'selects a claim'],
  ])('refuses %s', async (_, config, fault) => {
    expect((await faultsOf(files(config), kinds)).join('\n')).toContain(fault);
  });
});
