import { describe, expect, it } from 'vitest';
import { decide } from '../../src/decision/pipeline.ts';
import { policyKinds } from '../../src/policies/index.ts';
import { document, faultsOf, snapshotOf, warningsOf } from '../document/documents.ts';
import { checkOf, portsOf } from '../policy/fixtures.ts';
import type { CheckParts } from '../policy/fixtures.ts';

const kinds = { policyKinds };
const files = (config: object) => ({
  'api.json': document('Api', 'orders', { policies: [{ policyRef: { name: 'json-threat-protection' }, config }] }),
});

async function told(parts: CheckParts, config: object = {}) {
  const snapshot = await snapshotOf(files(config), kinds);
  const { denial } = await decide(
    snapshot,
    checkOf({ path: '/orders/1', method: 'POST', ...parts }),
    portsOf(),
    Infinity,
  );
  return denial?.reason ?? 'passes';
}

const JSON_TYPE = { 'content-type': 'application/json' };

describe('json-threat-protection', () => {
  it('reads the body by its limits', async () => {
    const config = { maxContainerDepth: 2, maxStringValueLength: 3, maxObjectEntryCount: 1, maxArrayElementCount: 2 };
    expect(await told({ body: '[{"a":"bcd"}]', headers: JSON_TYPE }, config)).toBe('passes');
    for (const body of ['[[[]]]', '["bcde"]', '[{"a":1,"b":2}]', '[1,2,3]']) {
      expect(await told({ body, headers: JSON_TYPE }, config)).toBe('body_too_complex');
    }
    for (const body of ['[', '{"a":1,"a":2}', Buffer.from([0x22, 0xff, 0x22])]) {
      expect(await told({ body, headers: JSON_TYPE })).toBe('body_malformed');
    }
  });

  it.each(['gzip', 'br', 'identity, gzip', 'gzip,identity', 'x'])(
    'refuses the content-encoding %s',
    async (encoding) => {
      expect(await told({ body: '{}', headers: { ...JSON_TYPE, 'content-encoding': encoding } })).toBe(
        'body_malformed',
      );
    },
  );

  it.each(['utf-16', 'UTF-7', '"iso-8859-1"', 'ibm037', 'utf-8; charset=utf-7', "utf-8; charset*=us-ascii''utf-7"])(
    'refuses the charset %s',
    async (charset) => {
      const headers = { 'content-type': `application/json; a=b; charset=${charset}` };
      expect(await told({ body: '{}', headers })).toBe('body_malformed');
    },
  );

  it.each(['identity', 'Identity'])('takes the content-encoding %s', async (encoding) => {
    const headers = { 'content-type': 'application/json; charset="UTF-8"', 'content-encoding': encoding };
    expect(await told({ body: '{}', headers })).toBe('passes');
  });

  it('refuses a body of which Envoy says that it is cut off, or of which callers say so', async () => {
    const cut = { ...JSON_TYPE, 'x-envoy-auth-partial-body': 'true' };
    expect(await told({ body: '{}', headers: cut })).toBe('body_malformed');
    expect(await told({ body: '{}', headers: { ...cut, 'x-envoy-auth-partial-body': 'false,true' } })).toBe(
      'body_malformed',
    );
    expect(await told({ body: '{}', headers: { ...cut, 'x-envoy-auth-partial-body': 'false' } })).toBe('passes');
  });

  it('denies where Envoy does not send what the upstream gets', async () => {
    expect(await told({ headers: { ...JSON_TYPE, 'content-length': '2' } })).toBe('body_unseen');
    // In chunks: Envoy takes transfer-encoding off before it asks.
    expect(await told({ headers: JSON_TYPE })).toBe('body_unseen');
    expect(await told({ headers: JSON_TYPE, protocol: 'HTTP/2' })).toBe('body_unseen');
    expect(await told({ method: 'GET', headers: { upgrade: 'websocket' } })).toBe('body_unseen');
    expect(await told({ headers: { upgrade: 'websocket', 'content-length': '0' } })).toBe('body_unseen');
    expect(await told({ method: 'CONNECT', path: '/orders/1', protocol: 'HTTP/2' })).toBe('body_unseen');
    expect(await told({ headers: { ...JSON_TYPE, 'content-length': '2', 'x-envoy-auth-partial-body': 'false' } })).toBe(
      'body_unseen',
    );
    expect(await told({ hasTextBody: true, headers: JSON_TYPE })).toBe('body_unseen');
  });

  it('lets requests without a body through', async () => {
    expect(await told({ headers: { ...JSON_TYPE, 'content-length': '0' } })).toBe('passes');
    expect(await told({ headers: { 'content-length': '0' }, protocol: 'HTTP/2' })).toBe('passes');
    expect(await told({ method: 'GET', headers: JSON_TYPE })).toBe('passes');
    expect(await told({ method: 'GET', headers: JSON_TYPE, protocol: 'HTTP/2' })).toBe('passes');
  });

  it.each([
    ['text/plain', 'passes'],
    ['application/x-www-form-urlencoded', 'passes'],
    ['application/json-patch', 'passes'],
    ['application/json', 'body_malformed'],
    ['APPLICATION/JSON', 'body_malformed'],
    ['text/json; charset=utf-8', 'body_malformed'],
    ['application/problem+json', 'body_malformed'],
    ['text/plain,application/json', 'body_malformed'],
    ['application', 'body_malformed'],
    ['', 'body_malformed'],
    [undefined, 'body_malformed'],
  ])('of the type %s is %s where other types pass, and refused where they do not', async (type, outcome) => {
    const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
    expect(await told({ body: 'a=1', headers }, { otherContentTypes: 'pass' })).toBe(outcome);
    expect(await told({ body: 'a=1', headers })).toBe('body_malformed');
  });

  it('says at load what Envoy has to send, and what is no limit', async () => {
    expect(await warningsOf(files({}), kinds)).toEqual([expect.stringContaining("needs the request's body")]);
    for (const config of [{ maxContainerDepth: 10_001 }, { maxContainerDepth: -2 }, { maxDepth: 1 }]) {
      expect(await faultsOf(files(config), kinds)).toHaveLength(1);
    }
  });
});
