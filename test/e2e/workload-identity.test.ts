import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startUpstream } from '../../demo/upstream.ts';
import type { Echo, Upstream } from '../../demo/upstream.ts';
import { startEnvoy } from '../real/envoy.ts';
import type { RealEnvoy } from '../real/envoy.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { openWorkloadAuthority } from '../real/workload-certificates.ts';
import type { WorkloadAuthority, WorkloadCertificate } from '../real/workload-certificates.ts';
import { api, contract, documentsFolder } from './documents.ts';
import type { Document } from './documents.ts';
import { send } from './request.ts';
import { callOver, mutualTlsEnvoy } from './mutual-tls.ts';

const parts = [await partOrSkip('envoy'), await partOrSkip('openssl')];

const DOMAIN = 'spiffe://cluster.local/ns';
const TIERS = [{ name: 'bronze', limits: [{ maximumRequests: 2, timePeriodInMilliseconds: 60_000 }] }];
const POLICIES = [{ policyRef: { name: 'workload-identity' } }];
const FORWARDED = { principalFrom: 'forwardedClientCert', forwarders: [`${DOMAIN}/edge/sa/gateway`] };
const client = (name: string, ...principals: string[]): Document => ({
  kind: 'ClientApplication',
  metadata: { name },
  spec: { clientId: `${name}-id`, principals },
});

const documents: readonly Document[] = [
  api('orders', { policies: POLICIES }),
  api('limited', { tiers: TIERS, policies: [...POLICIES, { policyRef: { name: 'rate-limiting-sla' } }] }),
  api('behind', { policies: [{ policyRef: { name: 'workload-identity' }, config: FORWARDED }] }),
  client('web', `${DOMAIN}/shop/sa/web`),
  client('jobs', `${DOMAIN}/jobs/sa/*`),
  contract('web', 'orders'),
  contract('web', 'behind'),
  contract('jobs', 'limited', 'bronze'),
];

describe.skipIf(parts.includes(undefined))('workloads that mutual TLS names, through a real Envoy', () => {
  let envoy: RealEnvoy;
  let ostiary: RealOstiary;
  let upstream: Upstream;
  let authority: WorkloadAuthority;
  beforeAll(async () => {
    authority = await openWorkloadAuthority();
    upstream = await startUpstream();
    ostiary = await startOstiary({ policies: documentsFolder(documents), args: ['--trusted-hops', '1'] });
    envoy = await startEnvoy(mutualTlsEnvoy(authority, ostiary.listen, upstream.port));
  });
  afterAll(() => Promise.all([envoy?.stop(), ostiary?.stop(), upstream?.close()]));

  const certificate = (name: string) => authority.certify(`URI:${DOMAIN}/${name}`);
  const call = (
    by: WorkloadCertificate | undefined,
    path: string,
    headers: Record<string, string> = {},
    front = 'mesh',
  ) => callOver(envoy.port(front), path, { by, headers });

  test.each(['mesh', 'raw'])('a workload is the client application that has it: %s', async (front) => {
    const web = await call(certificate('shop/sa/web'), '/orders/1', { 'x-ostiary-client-id': 'root' }, front);
    expect(web.status).toBe(200);
    const { headers } = JSON.parse(web.body) as Echo;
    expect(headers).toMatchObject({ 'x-ostiary-client-id': 'web-id', 'x-ostiary-client-name': 'web' });
  });

  test.each(['mesh', 'raw'])('any other is refused: %s', async (front) => {
    const others = ['URI:spiffe://other/ns/shop/sa/web', `URI:${DOMAIN}/shop/sa/web2`, `DNS:${DOMAIN.slice(9)}`];
    for (const name of others) expect((await call(authority.certify(name), '/orders/1', {}, front)).status).toBe(403);
    // It is known, and has no contract with this API.
    expect((await call(certificate('jobs/sa/a'), '/orders/1', {}, front)).status).toBe(403);
    const none = await call(undefined, '/orders/1', {}, front);
    expect([none.status, JSON.parse(none.body)]).toEqual([
      403,
      { error: 'The calling workload has no access to this API.' },
    ]);
  });

  test('without TLS nobody is known', async () => {
    const headers = { 'x-forwarded-client-cert': `URI=${DOMAIN}/shop/sa/web` };
    expect((await send(envoy.port('plain'), '/orders/1', { headers })).status).toBe(403);
    expect((await send(envoy.port('plain'), '/behind/1', { headers })).status).toBe(403);
  });

  test('tier and quota are those of its contract, without credentials', async () => {
    const job = certificate('jobs/sa/nightly');
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push((await call(job, '/limited')).status);
    expect(answers).toEqual([200, 200, 429]);
  });

  test.each(['mesh', 'raw'])(
    'of a trusted gateway its caller counts, of all others what they are: %s',
    async (front) => {
      const element = (name: string) => ({ 'x-forwarded-client-cert': `By=x;URI=${DOMAIN}/${name}` });
      const gateway = certificate('edge/sa/gateway');
      expect((await call(gateway, '/behind/1', element('shop/sa/web'), front)).status).toBe(200);
      expect((await call(gateway, '/behind/1', element('shop/sa/web2'), front)).status).toBe(403);
      expect((await call(gateway, '/behind/1', {}, front)).status).toBe(403);
      expect((await call(certificate('shop/sa/attacker'), '/behind/1', element('shop/sa/web'), front)).status).toBe(
        403,
      );
      expect((await call(certificate('shop/sa/web'), '/behind/1', {}, front)).status).toBe(403);
    },
  );

  test('a header that Envoy forwards unseen is believed from nobody', async () => {
    const made = `URI=${DOMAIN}/shop/sa/web,URI=${DOMAIN}/edge/sa/gateway`;
    const headers = { 'x-forwarded-client-cert': made };
    expect((await call(certificate('shop/sa/attacker'), '/behind/1', headers, 'careless')).status).toBe(403);
  });
});
