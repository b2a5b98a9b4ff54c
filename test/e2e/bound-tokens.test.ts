import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startUpstream } from '../../demo/upstream.ts';
import type { Upstream } from '../../demo/upstream.ts';
import { startEnvoy } from '../real/envoy.ts';
import type { RealEnvoy } from '../real/envoy.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { openWorkloadAuthority } from '../real/workload-certificates.ts';
import type { WorkloadAuthority, WorkloadCertificate } from '../real/workload-certificates.ts';
import { api, documentsFolder } from './documents.ts';
import { startIssuer } from './issuer.ts';
import type { Issuer } from './issuer.ts';
import { callOver, mutualTlsEnvoy } from './mutual-tls.ts';
import { send } from './request.ts';

const parts = [await partOrSkip('envoy'), await partOrSkip('openssl')];
const DOMAIN = 'spiffe://cluster.local/ns';

const digest = ({ cert }: WorkloadCertificate): string => new X509Certificate(cert).fingerprint256.replaceAll(':', '');

describe.skipIf(parts.includes(undefined))('certificate-bound tokens at a real Envoy', () => {
  let envoy: RealEnvoy;
  let ostiary: RealOstiary;
  let upstream: Upstream;
  let issuer: Issuer;
  let authority: WorkloadAuthority;
  let own: WorkloadCertificate;
  let other: WorkloadCertificate;
  let gateway: WorkloadCertificate;
  let token: string;
  beforeAll(async () => {
    authority = await openWorkloadAuthority();
    upstream = await startUpstream();
    issuer = await startIssuer();
    const config = {
      issuers: [{ issuer: issuer.url, discovery: true, audience: 'orders' }],
      skipClientIdValidation: true,
      senderConstraint: 'requireCertificate',
    };
    const behind = {
      ...config,
      senderConstraint: 'certificate',
      senderCertificate: 'forwardedClientCert',
      forwarders: [`${DOMAIN}/edge/sa/gateway`],
    };
    const policies = documentsFolder([
      api('orders', { policies: [{ policyRef: { name: 'jwt-validation' }, config }] }),
      api('behind', { policies: [{ policyRef: { name: 'jwt-validation' }, config: behind }] }),
    ]);
    ostiary = await startOstiary({ policies, args: ['--trusted-hops', '1'] });
    envoy = await startEnvoy(mutualTlsEnvoy(authority, ostiary.listen, upstream.port));
    own = authority.certify(`URI:${DOMAIN}/shop/sa/web`);
    other = authority.certify(`URI:${DOMAIN}/shop/sa/thief`);
    gateway = authority.certify(`URI:${DOMAIN}/edge/sa/gateway`);
    const cnf = { 'x5t#S256': Buffer.from(digest(own), 'hex').toString('base64url') };
    token = await issuer.token({ aud: 'orders', sub: 'web', cnf });
  });
  afterAll(() => Promise.all([envoy?.stop(), ostiary?.stop(), upstream?.close(), issuer?.close()]));

  const call = async (
    by: WorkloadCertificate | undefined,
    path: string,
    { front = 'mesh', forwarded = '', bearer = token } = {},
  ): Promise<number> => {
    const headers = {
      authorization: `Bearer ${bearer}`,
      ...(forwarded === '' ? {} : { 'x-forwarded-client-cert': forwarded }),
    };
    return (await callOver(envoy.port(front), path, { by, headers })).status;
  };

  test.each(['mesh', 'raw'])('count with their own certificate alone: %s', async (front) => {
    expect(await call(own, '/orders/1', { front })).toBe(200);
    // Verified by now, and still refused for anybody else.
    expect(await call(other, '/orders/1', { front })).toBe(401);
    expect(await call(undefined, '/orders/1', { front })).toBe(401);
    expect(await call(own, '/orders/1', { front })).toBe(200);
    const loose = await issuer.token({ aud: 'orders', sub: 'web' });
    expect(await call(own, '/orders/1', { front, bearer: loose })).toBe(401);
  });

  test('do not count where no TLS ends at Envoy, whatever the caller says of itself', async () => {
    const headers = { authorization: `Bearer ${token}`, 'x-forwarded-client-cert': `Hash=${digest(own)}` };
    for (const path of ['/orders/1', '/behind/1']) {
      expect((await send(envoy.port('plain'), path, { headers })).status).toBe(401);
    }
  });

  test.each(['mesh', 'raw'])('count by the word of a trusted gateway, and of nobody else: %s', async (front) => {
    const forwarded = `By=x;Hash=${digest(own)};URI=${DOMAIN}/shop/sa/web`;
    expect(await call(gateway, '/behind/1', { front, forwarded })).toBe(200);
    expect(await call(gateway, '/behind/1', { front, forwarded: `Hash=${digest(other)}` })).toBe(401);
    expect(await call(gateway, '/behind/1', { front })).toBe(401);
    expect(await call(other, '/behind/1', { front, forwarded })).toBe(401);
    // The owner itself, but without the gateway.
    expect(await call(own, '/behind/1', { front })).toBe(401);
  });

  test('do not count by a header that Envoy forwards unseen', async () => {
    const made = `Hash=${digest(own)},URI=${DOMAIN}/edge/sa/gateway`;
    expect(await call(other, '/behind/1', { front: 'careless', forwarded: made })).toBe(401);
  });
});
