import { hash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AccessPolicy, Outcome } from '../../src/policy/policy.ts';
import { signed, signingKey } from '../jwt/issuer.ts';
import { faultsOf, jwtPolicy } from '../jwt/policy.ts';
import { bearer, Contracts } from '../jwt/request.ts';
import type { Sent } from '../jwt/request.ts';
import { WatchedKeySets } from '../jwt/watched-key-sets.ts';

const key = await signingKey('ES256', 'k1');
const OPEN = { textKey: JSON.stringify(key.jwk), mandatoryExpClaim: false, skipClientIdValidation: true };
/** What counts is the hash of the bytes: they need not be a certificate here. */
const DER = Buffer.from('the certificate of the caller, as its bytes are');
const pem = (bytes: Buffer): string =>
  encodeURIComponent(
    `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64').replace(/.{20}/, '$&\n')}\n-----END CERTIFICATE-----\n`,
  );
const thumbprint = (bytes: Buffer): string => hash('sha256', bytes, 'base64url');
const bound = { cnf: { 'x5t#S256': thumbprint(DER) } };
const OTHER = Buffer.from('another certificate');
const DOMAIN = 'spiffe://cluster.local/ns';
const GATEWAY = `${DOMAIN}/edge/sa/gateway`;

let watched: WatchedKeySets;
beforeEach(() => {
  watched = new WatchedKeySets();
});
afterEach(() => {
  watched.sets.close();
});

const policyOf = (more: object): AccessPolicy => jwtPolicy({ ...OPEN, algorithms: ['ES256'], ...more }, watched.sets);
const decide = async (policy: AccessPolicy, claims: Record<string, unknown>, sent: Sent = {}): Promise<Outcome> =>
  policy.decide(bearer(await signed(key, claims), sent));
const REFUSED = { reason: 'token_invalid' };

describe('a token that is bound to a certificate', () => {
  test('passes with that certificate alone, also once it was verified', async () => {
    const policy = policyOf({ senderConstraint: 'certificate' });
    const token = await signed(key, bound);
    const by = async (certificate: string) => policy.decide(bearer(token, { certificate }));
    for (let time = 1; time <= 2; time++) {
      expect(await by(pem(DER))).toHaveProperty('identity');
      expect(await by(pem(OTHER))).toMatchObject({
        ...REFUSED,
        detail: expect.stringContaining('another certificate'),
      });
      expect(await by('')).toMatchObject({ ...REFUSED, detail: expect.stringContaining('Envoy tells none') });
    }
  });

  test.each<[string, string]>([
    ['no percent-encoding', '%'],
    ['no PEM', encodeURIComponent(DER.toString('base64'))],
    ['two certificates', pem(DER) + pem(OTHER)],
    ['something before it', `x${pem(DER)}`],
    ['a key', pem(DER).replaceAll('CERTIFICATE', 'PUBLIC%20KEY')],
  ])('is refused where Envoy tells %s', async (_what, certificate) => {
    expect(await decide(policyOf({ senderConstraint: 'certificate' }), bound, { certificate })).toMatchObject(REFUSED);
  });

  test.each<[string, unknown]>([
    ['something else', { jkt: 'x' }],
    ['something else too', { ...bound.cnf, jkt: 'x' }],
    ['nothing', {}],
    ['a text', 'x5t#S256'],
    ['a list', [bound.cnf]],
    ['a thumbprint of another form', { 'x5t#S256': hash('sha256', DER, 'hex') }],
    ['a short one', { 'x5t#S256': thumbprint(DER).slice(1) }],
    ['no text', { 'x5t#S256': null }],
  ])('is refused where it is bound to %s', async (_what, cnf) => {
    const policy = policyOf({ senderConstraint: 'certificate' });
    expect(await decide(policy, { cnf }, { certificate: pem(DER) })).toMatchObject(REFUSED);
  });

  test('need not be, unless the policy requires it', async () => {
    for (const claims of [{}, { cnf: null }]) {
      expect(await decide(policyOf({ senderConstraint: 'certificate' }), claims)).toHaveProperty('identity');
      const strict = policyOf({ senderConstraint: 'requireCertificate' });
      expect(await decide(strict, claims, { certificate: pem(DER) })).toMatchObject(REFUSED);
    }
    const strict = policyOf({ senderConstraint: 'requireCertificate' });
    expect(await decide(strict, bound, { certificate: pem(DER) })).toHaveProperty('identity');
    expect(await decide(strict, bound, { certificate: pem(OTHER) })).toMatchObject(REFUSED);
  });

  test('is refused as before where the policy says nothing, and its client counts with the certificate alone', async () => {
    expect(await decide(policyOf({}), bound, { certificate: pem(DER) })).toMatchObject(REFUSED);
    const directory = new Contracts();
    directory.set('web', 'approved');
    const policy = policyOf({ senderConstraint: 'certificate', skipClientIdValidation: false });
    const claims = { ...bound, client_id: 'web' };
    expect(await decide(policy, claims, { directory, certificate: pem(DER) })).toHaveProperty('identity.client');
    expect(await decide(policy, claims, { directory, certificate: pem(OTHER) })).toMatchObject(REFUSED);
  });
});

describe('the certificate of which a trusted proxy tells', () => {
  const options = {
    senderConstraint: 'certificate',
    senderCertificate: 'forwardedClientCert',
    forwarders: [GATEWAY],
  };
  const hex = hash('sha256', DER);
  const by = (header: string | undefined, more: Sent = {}): Promise<Outcome> =>
    decide(policyOf(options), bound, {
      headers: header === undefined ? {} : { 'x-forwarded-client-cert': header },
      principal: GATEWAY,
      trustedHops: 1,
      ...more,
    });

  test('counts', async () => {
    expect(await by(`Hash=${hex};Subject="CN=a,b;Hash=x",URI=${GATEWAY}`)).toHaveProperty('identity');
    expect(await by(`By=x;hash=${hex.toUpperCase()},Hash=${hash('sha256', OTHER)};URI=${GATEWAY}`)).toHaveProperty(
      'identity',
    );
  });

  test.each<[string, string | undefined, Sent]>([
    ['there is none', undefined, {}],
    ['it is of the proxy', `Hash=${hex};URI=${GATEWAY}`, {}],
    ['it is another one', `Hash=${hash('sha256', OTHER)},URI=${GATEWAY}`, {}],
    ['there is none in the element', `URI=x,Hash=${hex};URI=${GATEWAY}`, {}],
    ['there are two', `Hash=${hex};Hash=${hex},URI=${GATEWAY}`, {}],
    ['it is in quotes of something else', `Subject="Hash=${hex}",URI=${GATEWAY}`, {}],
    ['it is the caller who made up an element', `Hash=${hex},Hash=${hash('sha256', OTHER)},URI=${GATEWAY}`, {}],
    ['the proxy is none of forwarders', `Hash=${hex},URI=${DOMAIN}/x/sa/evil`, { principal: `${DOMAIN}/x/sa/evil` }],
    ['Envoy forwards what it did not write', `Hash=${hex},URI=${GATEWAY}`, { principal: `${DOMAIN}/x/sa/evil` }],
    ['the peer has no mutual TLS', `Hash=${hex},URI=${GATEWAY}`, { principal: '' }],
    ['no proxy is trusted', `Hash=${hex};URI=${GATEWAY}`, { trustedHops: 0 }],
    ['the peer has it, and the caller does not', `URI=x,URI=${GATEWAY}`, { certificate: pem(DER) }],
  ])('is refused where %s', async (_what, header, sent) => {
    expect(await by(header, sent)).toMatchObject(REFUSED);
  });
});

describe('who acts for the subject', () => {
  test('goes to the metadata, the last one first, and only where that is asked for', async () => {
    const act = { sub: 'service-b', iss: 'https://a', act: { sub: 'spiffe://a.org/c' } };
    const policy = policyOf({ actorsToMetadata: true });
    expect(await decide(policy, { act })).toMatchObject({
      metadata: { token_actor: 'service-b', token_actors: '["service-b","spiffe://a.org/c"]' },
    });
    expect(await decide(policy, {})).not.toHaveProperty('metadata');
    expect(await decide(policyOf({}), { act })).not.toHaveProperty('metadata');
    const directory = new Contracts();
    directory.set('web', 'approved');
    const ofClient = policyOf({ actorsToMetadata: true, skipClientIdValidation: false });
    const outcome = await decide(ofClient, { act, client_id: 'web' }, { directory });
    expect(outcome).toMatchObject({
      identity: { client: { clientId: 'web' } },
      metadata: { token_actor: 'service-b' },
    });
  });

  test('is refused where nobody can read it', async () => {
    const policy = policyOf({ actorsToMetadata: true });
    const deep = Array.from({ length: 9 }).reduce<object>((inner) => ({ sub: 'a', act: inner }), { sub: 'a' });
    for (const act of ['a', null, [], {}, { sub: '' }, { sub: 7 }, { sub: 'a', act: 'b' }, deep]) {
      expect(await decide(policy, { act })).toMatchObject(REFUSED);
    }
  });
});

test.each<[object, RegExp]>([
  [{ senderCertificate: 'peer' }, /^senderCertificate: has no effect without/m],
  [{ senderConstraint: 'certificate', senderCertificate: 'forwardedClientCert' }, /^forwarders: is missing/m],
  [{ senderConstraint: 'certificate', forwarders: [GATEWAY] }, /^forwarders: has no effect/m],
  [{ senderConstraint: 'certificate', senderCertificate: 'forwardedClientCert', forwarders: ['x'] }, /^forwarders\.0/m],
  [{ senderConstraint: 'verify' }, /^senderConstraint/m],
])('%j is refused', (options, message) => {
  expect(faultsOf({ ...OPEN, algorithms: ['ES256'], ...options }).join('\n')).toMatch(message);
});
