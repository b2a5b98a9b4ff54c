import { describe, expect, test } from 'vitest';
import { compileExpression } from '../../src/policy/expression.ts';
import { forwardedUri } from '../../src/request/forwarded-client-cert.ts';
import { checkOf, requestOf } from '../policy/fixtures.ts';

const BY = 'By=spiffe://cluster.local/ns/shop/sa/orders;Hash=4a;Subject="O=a, b;URI=spiffe://forged/x"';
const element = (uri: string) => `${BY};URI=${uri}`;
const WEB = 'spiffe://cluster.local/ns/shop/sa/web';
const GATEWAY = 'spiffe://cluster.local/ns/istio-ingress/sa/gateway';

const uriOf = (value: string | undefined, hops = 0) =>
  forwardedUri(checkOf({ headers: value === undefined ? {} : { 'x-forwarded-client-cert': value } }), hops);

describe('the workload in x-forwarded-client-cert', () => {
  test.each([
    ['of the last element', element(WEB), 0, WEB],
    ['in quotes', `${BY};URI="${WEB}"`, 0, WEB],
    ["about Envoy's own peer, where proxies before it wrote others", `${element(WEB)},${element(GATEWAY)}`, 0, GATEWAY],
    ['about the caller of a trusted proxy', `${element(WEB)},${element(GATEWAY)}`, 1, WEB],
    [
      'not what a caller put ahead of it',
      `${element('spiffe://forged/x')},${element(WEB)},${element(GATEWAY)}`,
      1,
      WEB,
    ],
    ['nothing where the request came through fewer proxies', element(GATEWAY), 1, undefined],
    ['nothing without a URI', BY, 0, undefined],
    ['nothing of two URIs', `${element(WEB)};URI=${GATEWAY}`, 0, undefined],
    ['nothing where quotes do not end', `URI=${WEB};Subject="`, 0, undefined],
    ['nothing of an empty one', 'URI=', 0, undefined],
    ['nothing of one with signs that end a value', 'URI="spiffe://a/b,c"', 0, undefined],
    ['nothing without the header', undefined, 0, undefined],
  ])('is %s', (_, header, hops, expected) => {
    expect(uriOf(header, hops)).toBe(expected);
  });
});

describe('expressions of the caller', () => {
  const select = (expression: string, parts: Parameters<typeof checkOf>[0], trustedHops = 0) =>
    compileExpression(expression).select(requestOf(checkOf(parts), { trustedHops }));

  test("name the peer of Envoy's connection", () => {
    expect(select('#[source.principal]', { sourcePrincipal: 'CN=web' })).toBe('CN=web');
    expect(select('#[source.spiffeId]', { sourcePrincipal: WEB })).toBe(WEB);
    expect(select('#[source.spiffeId]', { sourcePrincipal: 'CN=web' })).toBeUndefined();
    expect(select('#[source.principal]', {})).toBeUndefined();
  });

  test('name the workload that called a trusted proxy', () => {
    const headers = { 'x-forwarded-client-cert': `${element(WEB)},${element(GATEWAY)}` };
    expect(select('#[source.forwardedSpiffeId]', { headers }, 1)).toBe(WEB);
    expect(select('#[source.forwardedSpiffeId]', { headers: { 'x-forwarded-client-cert': 'URI=https://a' } })).toBe(
      undefined,
    );
  });
});
