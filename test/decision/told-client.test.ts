import { beforeAll, describe, expect, test } from 'vitest';
import { decide } from '../../src/decision/pipeline.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { api, client, contract, credentials } from '../e2e/documents.ts';
import { signed, signingKey } from '../jwt/issuer.ts';
import { checkOf, portsOf } from '../policy/fixtures.ts';
import { snapshotOfDocuments } from './documents.ts';

const key = await signingKey('ES256', 'k1');
const EXP = Math.floor(Date.now() / 1000) + 600;
const jwt = {
  policyRef: { name: 'jwt-validation' },
  config: {
    textKey: JSON.stringify(key.jwk),
    algorithms: ['ES256'],
    claimsToHeaders: [{ claim: 'sub', header: 'x-user' }],
  },
};
const IDS = { policyRef: { name: 'client-id-enforcement' } };
const SLA = { policyRef: { name: 'rate-limiting-sla' } };
const TIERS = [{ name: 'gold', limits: [{ maximumRequests: 100, timePeriodInMilliseconds: 1000 }] }];

const apis = {
  ids: [IDS],
  basic: [{ ...IDS, config: { credentialsOriginHasHttpBasicAuthenticationHeader: 'httpBasicAuthenticationHeader' } }],
  tokens: [jwt],
  quota: [SLA],
  shown: [{ ...SLA, config: { forwardCredentials: true } }],
  both: [jwt, SLA],
  shadow: [{ ...SLA, mode: 'shadow' }],
  twice: [IDS, jwt],
};

let snapshot: Snapshot;
beforeAll(async () => {
  const names = Object.keys(apis);
  snapshot = await snapshotOfDocuments([
    ...Object.entries(apis).map(([name, policies]) => api(name, { policies, tiers: TIERS })),
    client('web'),
    client('app'),
    ...names.map((name) => contract('web', name, 'gold')),
    ...names.filter((name) => !['quota', 'shown', 'both'].includes(name)).map((name) => contract('app', name)),
  ]);
});

const take = (demands: readonly unknown[]) => ({ granted: true, windows: demands.map(() => []) });

async function told(path: keyof typeof apis, headers: Record<string, string>) {
  const check = checkOf({ path: `/${path}`, headers });
  const decision = await decide(snapshot, check, portsOf({ take }), Infinity);
  expect(decision.denial).toBeUndefined();
  return decision;
}

const bearer = async (name: string): Promise<Record<string, string>> => ({
  authorization: `Bearer ${await signed(key, { client_id: `${name}-id`, sub: 'alice', exp: EXP })}`,
});
const WEB = [
  ['x-ostiary-client-id', 'web-id'],
  ['x-ostiary-client-name', 'web'],
  ['x-ostiary-tier', 'gold'],
];

describe('the upstream is told the client, its name and tier', () => {
  test.each(['ids', 'quota'] as const)('where %s alone establishes it, and not the secret', async (path) => {
    const { upstream, remove } = await told(path, credentials('web'));
    expect(upstream).toEqual(WEB);
    expect(remove).toContain('client_secret');
    expect(remove).not.toContain('client_id');
  });

  test('where a token alone establishes it, beside its claims', async () => {
    expect((await told('tokens', await bearer('web'))).upstream).toEqual([['x-user', 'alice'], ...WEB]);
  });

  test('where a token establishes it and the quota trusts that', async () => {
    const { upstream, remove } = await told('both', { ...(await bearer('web')), client_secret: 'of the upstream' });
    expect(upstream).toEqual([['x-user', 'alice'], ...WEB]);
    expect(remove).not.toContain('client_secret');
  });

  test('and nothing of HTTP Basic credentials', async () => {
    const basic = Buffer.from('web-id:web-secret').toString('base64');
    const { upstream, remove } = await told('basic', { authorization: `Basic ${basic}` });
    expect(upstream).toEqual(WEB);
    expect(remove).toContain('authorization');
  });

  test('and the secret too where that is asked for', async () => {
    expect((await told('shown', credentials('web'))).remove).not.toContain('client_secret');
  });

  test('as the last policy has it: no tier stays of an earlier client', async () => {
    const { upstream, remove } = await told('twice', { ...credentials('web'), ...(await bearer('app')) });
    expect(Object.fromEntries(upstream)).toEqual({
      'x-user': 'alice',
      'x-ostiary-client-id': 'app-id',
      'x-ostiary-client-name': 'app',
    });
    expect(remove).toContain('x-ostiary-tier');
  });

  test('never by a shadow policy', async () => {
    const { upstream, remove } = await told('shadow', credentials('web'));
    expect(upstream).toEqual([]);
    expect(remove).not.toContain('client_secret');
    expect(remove).toEqual(expect.arrayContaining(['x-ostiary-client-id', 'x-ostiary-client-name', 'x-ostiary-tier']));
  });
});

test('what is removed is the same array for the same shape, so that its encoding is kept', async () => {
  const first = await told('ids', credentials('web'));
  const second = await told('ids', credentials('web'));
  expect(second.remove).toBe(first.remove);
});
