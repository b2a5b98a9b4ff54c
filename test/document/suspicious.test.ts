import { describe, expect, it } from 'vitest';
import { compile } from '../../src/document/compile.ts';
import { formatFault } from '../../src/document/fault.ts';
import { policyKinds } from '../../src/policies/index.ts';
import { loadDocuments } from '../../src/source/load-documents.ts';
import { document, options, writeFolder } from './documents.ts';

const BASIC = {
  policyRef: { name: 'client-id-enforcement' },
  config: { credentialsOriginHasHttpBasicAuthenticationHeader: 'httpBasicAuthenticationHeader' },
};
const ALLOW = { policyRef: { name: 'ip-allowlist' }, config: { ips: ['10.0.0.0/8'] } };
const api = (name: string, spec: object = {}, metadata: object = {}) =>
  document('Api', name, { basePath: `/${name}`, policies: [BASIC], ...spec }, metadata);

/** Fields and messages of the warnings. */
async function told(...documents: object[]): Promise<string[]> {
  const set = await loadDocuments([writeFolder({ 'a.json': documents })], options);
  const compiled = await compile(set, { ...options, policyKinds });
  if (compiled.snapshot === undefined) throw new Error(compiled.faults.map(formatFault).join('\n'));
  return compiled.warnings
    .filter(({ severity }) => severity === 'warning')
    .map(({ field, message }) => `${field}: ${message.replace(/\(\S*\/a\.json:[\d:]+\)/, '(…)')}`);
}

describe('an API in the path of another', () => {
  const orders = api('orders', { policies: [BASIC, ALLOW] });

  it('is told with the policies that it does not have', async () => {
    expect(await told(orders, api('admin', { basePath: '/orders/admin' }))).toEqual([
      'spec.basePath: is below /orders of the API orders (…), whose policies do not apply to it: ip-allowlist. Bind them here too, or say public if this is meant',
    ]);
    expect(
      await told(orders, api('admin', { basePath: '/orders/x/admin', policies: [], hosts: ['a.example'] })),
    ).toEqual([expect.stringContaining('client-id-enforcement, ip-allowlist')]);
  });

  it.each([
    ['has the same policies', api('admin', { basePath: '/orders/admin', policies: [ALLOW, BASIC] })],
    ['is public', api('admin', { basePath: '/orders/admin', policies: [], public: true })],
    ['is beside it', api('admin', { basePath: '/orders-admin' })],
  ])('is not told where it %s', async (_, other) => {
    expect(await told(orders, other)).toEqual([]);
  });

  it('is not told below /, nor where the other has only the requests of another host', async () => {
    expect(await told(api('root', { basePath: '/', policies: [BASIC, ALLOW] }), api('admin'))).toEqual([]);
    const ofHost = api('orders', { hosts: ['a.example'], policies: [BASIC, ALLOW] });
    expect(await told(ofHost, api('admin', { basePath: '/orders/admin' }))).toEqual([]);
    expect(await told(ofHost, api('admin', { basePath: '/orders/admin', hosts: ['b.example'] }))).toEqual([]);
  });
});

describe('a policy that never applies', () => {
  it.each([
    [
      'contradicts itself',
      { rules: [{ headers: { 'x-a': 'b' }, absentHeaders: ['X-A'] }] },
      'spec.policies[0].rules[0]: matches no request, since its conditions exclude each other',
    ],
    [
      'is for a wider exemption',
      { rules: [{ path: '/a', not: [{ path: '/.*' }] }] },
      'spec.policies[0].rules[0]: matches no request',
    ],
    [
      'is for no method',
      { rules: [{ methods: 'GTE' }] },
      'spec.policies[0].rules[0]: matches no request, since there is no method GTE',
    ],
    ['is never', { when: 'false' }, 'spec.policies[0].when: is never true'],
    [
      'is for another host',
      { rules: [{ host: 'b.example' }] },
      'spec.policies[0].rules[0].host: matches no host of the API (a.example)',
    ],
  ])('is told where it %s', async (_, fields, message) => {
    const found = await told(api('orders', { hosts: ['a.example:8080'], policies: [{ ...ALLOW, ...fields }, BASIC] }));
    expect(found).toEqual([expect.stringContaining(message.replace('a.example)', 'a.example:8080)'))]);
  });

  it.each([
    ['an exemption of some', { rules: [{ methods: 'GET|POST', not: [{ methods: 'GET' }] }] }],
    ['another part of the path', { rules: [{ path: '/a.*', not: [{ path: '/a/b' }] }] }],
    ['methods of WebDAV', { rules: [{ methods: 'PROPFIND|.*LOCK' }] }],
    ['its host', { rules: [{ host: 'A.example|b.example' }] }],
  ])('is not told with %s', async (_, fields) => {
    expect(await told(api('orders', { hosts: ['a.example'], policies: [{ ...ALLOW, ...fields }, BASIC] }))).toEqual([]);
  });
});

it('a contract that has ended is told, unless somebody has ended it', async () => {
  const contract = (spec: object) => [
    api('orders'),
    document('ClientApplication', 'web', { clientId: 'web' }),
    document('Contract', 'one', { api: 'orders', clientApplication: 'web', status: 'approved', ...spec }),
  ];
  expect(await told(...contract({ expiresAt: '2020-01-01T00:00:00Z' }))).toEqual([
    'spec.expiresAt: has ended already, so its client is refused: renew it, or delete it',
  ]);
  expect(await told(...contract({ expiresAt: '2020-01-01T00:00:00Z', status: 'revoked' }))).toEqual([]);
  expect(await told(...contract({ expiresAt: '9999-01-01T00:00:00Z' }))).toEqual([]);
});
