import { request as httpsRequest } from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startUpstream } from '../../demo/upstream.ts';
import type { Echo, Upstream } from '../../demo/upstream.ts';
import { bootstrap } from '../../src/generate/bootstrap.ts';
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

const parts = [await partOrSkip('envoy'), await partOrSkip('openssl')];

const domain = 'spiffe://cluster.local/ns';
const tiers = [{ name: 'bronze', limits: [{ maximumRequests: 2, timePeriodInMilliseconds: 60_000 }] }];
const policies = [{ policyRef: { name: 'workload-identity' } }];
const forwarded = { principalFrom: 'forwardedClientCert', forwarders: [`${domain}/edge/sa/gateway`] };
const client = (name: string, ...principals: string[]): Document => ({
  kind: 'ClientApplication',
  metadata: { name },
  spec: { clientId: `${name}-id`, principals },
});

const documents: readonly Document[] = [
  api('orders', { policies }),
  api('limited', { tiers, policies: [...policies, { policyRef: { name: 'rate-limiting-sla' } }] }),
  api('behind', { policies: [{ policyRef: { name: 'workload-identity' }, config: forwarded }] }),
  client('web', `${domain}/shop/sa/web`),
  client('jobs', `${domain}/jobs/sa/*`),
  contract('web', 'orders'),
  contract('web', 'behind'),
  contract('jobs', 'limited', 'bronze'),
];

/** How Envoy treats the header of callers: as Istio's sidecars do; `raw` sends headers to ostiary as they came. */
const fronts = {
  mesh: 'APPEND_FORWARD',
  raw: 'APPEND_FORWARD',
  // Of a caller's header Envoy leaves everything as it is: a mistake that is made.
  careless: 'ALWAYS_FORWARD_ONLY',
};

describe.skipIf(parts.includes(undefined))('workloads that mutual TLS names, through a real Envoy', () => {
  let envoy: RealEnvoy;
  let ostiary: RealOstiary;
  let upstream: Upstream;
  let authority: WorkloadAuthority;
  beforeAll(async () => {
    authority = await openWorkloadAuthority();
    upstream = await startUpstream();
    ostiary = await startOstiary({ policies: documentsFolder(documents), args: ['--trusted-hops', '1'] });
    envoy = await startEnvoy(meshEnvoy(authority, Number(ostiary.listen.split(':').at(-1)), upstream.port));
  });
  afterAll(() => Promise.all([envoy?.stop(), ostiary?.stop(), upstream?.close()]));

  const certificate = (name: string) => authority.certify(`URI:${domain}/${name}`);
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
    const others = ['URI:spiffe://other/ns/shop/sa/web', `URI:${domain}/shop/sa/web2`, `DNS:${domain.slice(9)}`];
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
    const headers = { 'x-forwarded-client-cert': `URI=${domain}/shop/sa/web` };
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
      const element = (name: string) => ({ 'x-forwarded-client-cert': `By=x;URI=${domain}/${name}` });
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
    const made = `URI=${domain}/shop/sa/web,URI=${domain}/edge/sa/gateway`;
    const headers = { 'x-forwarded-client-cert': made };
    expect((await call(certificate('shop/sa/attacker'), '/behind/1', headers, 'careless')).status).toBe(403);
  });
});

function meshEnvoy(authority: WorkloadAuthority, ostiaryPort: number, upstreamPort: number): object {
  const names = [...Object.keys(fronts), 'plain'] as (keyof typeof fronts | 'plain')[];
  const made = JSON.parse(
    JSON.stringify(
      bootstrap({
        ostiary: { kind: 'tcp', host: '127.0.0.1', port: ostiaryPort },
        timeoutMs: 10_000,
        listeners: names.map((name) => {
          const rawHeaders = name === 'raw';
          return { name, host: '127.0.0.1', port: 0, rawHeaders, normalizePath: true, api: undefined };
        }),
        upstream: { host: '127.0.0.1', port: upstreamPort },
      }),
    ),
  ) as Bootstrap;
  const own = authority.certify(`URI:${domain}/shop/sa/orders`);
  for (const { name, filter_chains: chains } of made.static_resources.listeners) {
    if (!Object.hasOwn(fronts, name)) continue;
    Object.assign(chains[0].filters[0].typed_config, {
      forward_client_cert_details: fronts[name as keyof typeof fronts],
      set_current_client_cert_details: { uri: true, subject: true },
    });
    Object.assign(chains[0], {
      transport_socket: {
        name: 'envoy.transport_sockets.tls',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
          common_tls_context: {
            tls_certificates: [
              { certificate_chain: { filename: own.certFile }, private_key: { filename: own.keyFile } },
            ],
            validation_context: { trusted_ca: { filename: authority.caFile } },
          },
        },
      },
    });
  }
  return made;
}

interface Bootstrap {
  readonly static_resources: {
    readonly listeners: readonly {
      readonly name: string;
      readonly filter_chains: [{ filters: [{ typed_config: object }] }];
    }[];
  };
}

function callOver(
  port: number,
  path: string,
  { by, headers }: { by: WorkloadCertificate | undefined; headers: Record<string, string> },
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const own = by === undefined ? {} : { cert: by.cert, key: by.key };
    const options = { host: '127.0.0.1', port, path, headers, agent: false, rejectUnauthorized: false, ...own };
    const request = httpsRequest(options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.once('error', reject);
    });
    request.once('error', reject);
    request.end();
  });
}
