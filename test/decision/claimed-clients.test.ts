import { describe, expect, test } from 'vitest';
import type { Identity } from '../../src/contract/identity.ts';
import { decide } from '../../src/decision/pipeline.ts';
import { api, client, contract } from '../e2e/documents.ts';
import { signed, signingKey } from '../jwt/issuer.ts';
import { checkOf, stoppedClock } from '../observe/decisions.ts';
import { access, apiOf, bound, checkOf as fixtureCheck, portsOf, snapshotOf } from '../policy/fixtures.ts';
import { snapshotOfDocuments } from './documents.ts';

const [keyA, keyB] = [await signingKey('ES256', 'k1'), await signingKey('ES256', 'k1')];
const [A, B] = ['https://a.example.com/', 'https://b.example.com/'];

/** Tokens of two issuers are verified, and the client is taken from a claim by the policy behind. */
const config = {
  issuers: [
    { issuer: A, textKey: JSON.stringify(keyA.jwk), algorithms: ['ES256'], audience: 'orders' },
    { issuer: B, textKey: JSON.stringify(keyB.jwk), algorithms: ['ES256'], audience: 'orders' },
  ],
  mandatoryExpClaim: false,
  skipClientIdValidation: true,
};
const CLAIMED = { clientIdExpression: '#[vars.claimSet.azp]', clientSecretExpression: '', forwardCredentials: true };
const TIERS = [{ name: 'gold', limits: [{ maximumRequests: 9, timePeriodInMilliseconds: 1000 }] }];

describe.each(['client-id-enforcement', 'rate-limiting-sla'])('a client that %s takes from a claim', (kind) => {
  async function reasonFor(issuers: readonly string[] | undefined, key: typeof keyA, iss: string) {
    const web = client('web');
    const snapshot = await snapshotOfDocuments([
      api('orders', {
        tiers: TIERS,
        policies: [
          { policyRef: { name: 'jwt-validation' }, config },
          { policyRef: { name: kind }, config: CLAIMED },
        ],
      }),
      { ...web, spec: { ...web.spec, ...(issuers && { issuers }) } },
      contract('web', 'orders', 'gold'),
    ]);
    const clock = stoppedClock();
    const take = () => ({ granted: true, windows: [] });
    const ports = { clock, take, unmatched: 'deny', trustedHops: 0, failed() {} } as const;
    const token = await signed(key, { iss, aud: 'orders', azp: 'web-id' });
    const check = checkOf({ path: '/orders/1', headers: { authorization: `Bearer ${token}` } });
    const { denial } = await decide(snapshot, check, ports, Infinity);
    return denial?.reason === 'client_rejected' ? denial.cause : denial?.reason;
  }

  test('counts only with a token of the issuer that it names', async () => {
    expect(await reasonFor([A], keyA, A)).toBeUndefined();
    expect(await reasonFor([A], keyB, B)).toBe('issuer_mismatch');
    expect(await reasonFor(undefined, keyB, B)).toBe('issuer_mismatch');
    expect(await reasonFor([A, B], keyB, B)).toBeUndefined();
  });
});

test('the issuers of a token do not vouch for the claims that a later policy finds', async () => {
  const found: unknown[] = [];
  const establish = (identity: Identity) => access(() => ({ identity }));
  const look = access(({ identity }) => {
    found.push(identity);
    return {};
  });
  const policies = [
    bound('token', establish({ claims: { azp: 'a' }, issuers: [A] })),
    bound('same', establish({ claims: { azp: 'a' }, issuers: [A] })),
    bound('first', look),
    bound('user', establish({ claims: { sub: 'b' } })),
    bound('second', look),
  ];
  await decide(snapshotOf([apiOf({ name: 'a', access: policies })]), fixtureCheck(), portsOf(), Infinity);
  expect(found).toEqual([{ claims: { azp: 'a' }, issuers: [A] }, { claims: { sub: 'b' } }]);
});
