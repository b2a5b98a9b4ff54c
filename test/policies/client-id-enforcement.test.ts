import { describe, expect, it } from 'vitest';
import type { Contract } from '../../src/contract/contract.ts';
import { hashSecret } from '../../src/contract/secret.ts';
import kind from '../../src/policies/client-id-enforcement.ts';
import type { AccessPolicy, Outcome } from '../../src/policy/policy.ts';
import { checkOf, directoryOf, requestOf } from '../policy/fixtures.ts';
import type { CheckParts } from '../policy/fixtures.ts';

const web = { name: 'web-shop', clientId: 'web', secrets: [hashSecret('old'), hashSecret('new')] };
const OPEN = { name: 'no-secret', clientId: 'open', secrets: [] };
const late = { name: 'late', clientId: 'late', secrets: [hashSecret('s')] };
const GOLD = { name: 'gold', limits: [] };
const contracts: Contract[] = [
  { name: 'web-orders', api: 'orders', client: web, status: 'approved', tier: GOLD },
  { name: 'open-orders', api: 'orders', client: OPEN, status: 'approved', tier: undefined },
  { name: 'late-orders', api: 'orders', client: late, status: 'revoked', tier: GOLD },
];

function decide(config: object, parts: CheckParts): Outcome {
  const environment = {} as Parameters<typeof kind.create>[1];
  const policy = kind.create(kind.options.parse(config), environment) as AccessPolicy;
  return policy.decide(requestOf(checkOf(parts), { directory: directoryOf(contracts) })) as Outcome;
}

const withHeaders = (client_id?: string, client_secret?: string): CheckParts => ({
  headers: {
    ...(client_id === undefined ? {} : { client_id }),
    ...(client_secret === undefined ? {} : { client_secret }),
  },
});
const basic = (text: string): CheckParts => ({
  headers: { authorization: `Basic ${Buffer.from(text).toString('base64')}` },
});
const BASIC = { credentialsOriginHasHttpBasicAuthenticationHeader: 'httpBasicAuthenticationHeader' };

describe('client-id-enforcement', () => {
  it.each(['old', 'new'])(
    'admits a client with an approved contract and the %s secret, and tells the upstream',
    (secret) => {
      expect(decide({}, withHeaders('web', secret))).toEqual({
        identity: { client: web, contract: contracts[0] },
        upstream: [
          ['x-ostiary-client-id', 'web'],
          ['x-ostiary-client-name', 'web-shop'],
          ['x-ostiary-tier', 'gold'],
        ],
        remove: ['client_secret'],
      });
    },
  );

  it.each([
    ['no credentials', withHeaders(), 'credentials_missing'],
    ['an empty id', withHeaders('', 'new'), 'credentials_missing'],
    ['no secret', withHeaders('web'), 'credentials_missing'],
    ['an unknown id', withHeaders('who', 'new'), 'client_unknown'],
    ['a wrong secret', withHeaders('web', 'wrong'), 'secret_wrong'],
    ['an id sent twice', withHeaders('web,web', 'new'), 'client_unknown'],
    ['a secret of a client that has none', withHeaders('open', ''), 'credentials_missing'],
    ['any secret of a client that has none', withHeaders('open', 'x'), 'secret_wrong'],
    ['a contract that is not approved', withHeaders('late', 's'), 'contract_not_approved'],
  ])('denies %s', (_what, parts, cause) => {
    expect(decide({}, parts)).toMatchObject({ reason: 'client_rejected', cause, challenge: 'Client-ID-Enforcement' });
  });

  it('takes the id alone where the secret expression is empty', () => {
    expect(decide({ clientSecretExpression: '' }, withHeaders('open'))).toMatchObject({ identity: { client: OPEN } });
    expect(decide({ clientSecretExpression: '' }, withHeaders('who'))).toMatchObject({ cause: 'client_unknown' });
  });

  it('sets no tier header where the contract has no tier', () => {
    expect(decide({ clientSecretExpression: '' }, withHeaders('open'))).toMatchObject({
      upstream: [
        ['x-ostiary-client-id', 'open'],
        ['x-ostiary-client-name', 'no-secret'],
      ],
    });
  });

  it('reads HTTP Basic credentials', () => {
    expect(decide(BASIC, basic('web:new'))).toMatchObject({ identity: { client: web } });
    expect(decide(BASIC, basic('web:wr:ong'))).toMatchObject({
      cause: 'secret_wrong',
      challenge: 'Basic realm="ostiary"',
    });
  });

  it.each([
    ['no header', {}, 'credentials_missing'],
    ['another scheme', { headers: { authorization: 'Bearer x' } }, 'credentials_missing'],
    ['bad base64', { headers: { authorization: 'Basic d2Vi!Om5ldw==' } }, 'credentials_malformed'],
    ['two of them', { headers: { authorization: 'Basic d2ViOm5ldw==,Basic d2ViOm5ldw==' } }, 'credentials_malformed'],
    ['no colon', basic('web'), 'credentials_malformed'],
    ['bytes that are not UTF-8', { headers: { authorization: 'Basic /zr/' } }, 'credentials_malformed'],
  ])('denies HTTP Basic with %s', (_what, parts, cause) => {
    expect(decide(BASIC, parts)).toMatchObject({ reason: 'client_rejected', cause });
  });

  it('keeps the secret from the upstream unless told otherwise', () => {
    expect(decide({}, withHeaders('web', 'new'))).toMatchObject({ remove: ['client_secret'] });
    expect(decide({ forwardCredentials: 'id' }, withHeaders('web', 'new'))).toMatchObject({
      remove: ['client_secret'],
    });
    expect(decide({ forwardCredentials: true }, withHeaders('web', 'new'))).toMatchObject({ remove: [] });
    expect(decide({ clientSecretExpression: '' }, withHeaders('web'))).toMatchObject({ remove: [] });
    expect(decide(BASIC, basic('web:new'))).toMatchObject({ remove: ['authorization'] });
    expect(decide({ ...BASIC, forwardCredentials: true }, basic('web:new'))).toMatchObject({ remove: [] });
  });

  it('removes the credentials where they are not to be forwarded', () => {
    const config = { forwardCredentials: false };
    expect(decide(config, withHeaders('web', 'new'))).toMatchObject({ remove: ['client_id', 'client_secret'] });
    expect(decide({ ...config, ...BASIC }, basic('web:new'))).toMatchObject({ remove: ['authorization'] });
  });

  it.each([
    ['an unknown key', { realms: 'x' }, 'realms'],
    ['an expression that is not supported', { clientIdExpression: '#[payload.id]' }, 'clientIdExpression'],
    ['expressions beside HTTP Basic', { ...BASIC, clientIdExpression: '#[attributes.method]' }, 'clientIdExpression'],
    [
      'a query parameter that is to be removed',
      { forwardCredentials: false, clientIdExpression: "#[attributes.queryParams['id']]" },
      'clientIdExpression',
    ],
    [
      'a secret that the upstream would see',
      { clientSecretExpression: "#[attributes.queryParams['secret']]" },
      'forwardCredentials: true',
    ],
    ['a header that Envoy depends on', { upstreamHeaders: { tier: 'X-Forwarded-For' } }, 'tier'],
    ['the credentials of others', { upstreamHeaders: { clientName: 'Cookie' } }, 'clientName'],
    ['one header for two things', { upstreamHeaders: { clientId: 'X-Client', tier: 'x-client' } }, 'tier'],
    ['one header in two spellings', { upstreamHeaders: { clientName: 'x-a-b', tier: 'X_a-B' } }, 'tier'],
    ['the default header of another', { upstreamHeaders: { clientId: 'x-ostiary-tier' } }, 'tier'],
  ])('refuses %s at load, and names the field', (_what, config, field) => {
    const parsed = kind.options.safeParse(config);
    expect(parsed.success).toBe(false);
    expect(JSON.stringify(parsed.error?.issues)).toContain(field);
  });
});

describe('client-id-enforcement with dashedHeaders', () => {
  const dashed = { dashedHeaders: true };

  it.each([
    { client_id: 'web', client_secret: 'new' },
    { 'client-id': 'web', 'client-secret': 'new' },
    { 'client-id': 'web', client_secret: 'new' },
  ])('takes either spelling: %j', (headers) => {
    expect(decide(dashed, { headers })).toMatchObject({ identity: { client: web } });
  });

  it.each([
    { client_id: 'web', 'client-id': 'web', client_secret: 'new' },
    { client_id: 'web', 'client-id': 'open', client_secret: 'new' },
    { client_id: 'web', client_secret: 'new', 'client-secret': 'new' },
    { client_id: '', 'client-id': 'web', client_secret: 'new' },
  ])('refuses both at once: %j', (headers) => {
    expect(decide(dashed, { headers })).toMatchObject({ reason: 'client_rejected', cause: 'credentials_missing' });
  });

  it('keeps the secret from the upstream in both spellings', () => {
    const found = decide(dashed, { headers: { 'client-id': 'web', 'client-secret': 'new' } });
    expect(found).toMatchObject({ remove: ['client_secret', 'client-secret'] });
  });

  it('is no default, and is refused where it would have no effect', () => {
    const headers = { 'client-id': 'web', 'client-secret': 'new' };
    expect(decide({}, { headers })).toMatchObject({ cause: 'credentials_missing' });
    for (const config of [
      { ...dashed, ...BASIC },
      { ...dashed, clientIdExpression: '#[attributes.headers.x]', clientSecretExpression: '#[attributes.headers.y]' },
    ])
      expect(kind.options.safeParse(config).error?.issues[0]).toMatchObject({ path: ['dashedHeaders'] });
  });
});
