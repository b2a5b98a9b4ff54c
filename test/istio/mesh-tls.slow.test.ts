import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { connect } from 'node:tls';
import { api, client, contract, credentials, documentsFolder } from '../e2e/documents.ts';
import type { Document } from '../e2e/documents.ts';
import { generate } from '../generate/generated.ts';
import type { Generated } from '../generate/generated.ts';
import { main } from '../real/ostiary.ts';
import { untilReady } from '../real/process.ts';
import { OSTIARY_PORT, serviceOf } from './mesh.ts';
import { statusOf } from './request.ts';
import type { RawRequest } from './request.ts';
import { istioParts, openStage } from './stage.ts';
import type { Stage, StagePod } from './stage.ts';

const ENFORCED = { policies: [{ policyRef: { name: 'client-id-enforcement' } }] };
const WORKLOADS = { policies: [{ policyRef: { name: 'workload-identity' } }] };
const JOBS: Document = {
  kind: 'ClientApplication',
  metadata: { name: 'jobs' },
  spec: { clientId: 'jobs-id', principals: ['spiffe://cluster.local/ns/jobs/sa/*'] },
};
const documents = [
  api('orders', ENFORCED),
  client('web'),
  contract('web', 'orders'),
  api('reports', WORKLOADS),
  JOBS,
  contract('jobs', 'reports'),
];

const IDENTITY = 'spiffe://cluster.local/ns/ostiary/sa/default';

describe.skipIf(istioParts.includes(undefined))("the mesh's mutual TLS towards ostiary", () => {
  let stage: Stage;
  let orders: StagePod;
  let applied: readonly Generated[] = [];
  beforeAll(async () => {
    stage = await openStage(documents);
    const labels = { app: 'ostiary' };
    const ostiary = await stage.addPod({
      kind: 'sidecar',
      name: 'ostiary',
      namespace: 'ostiary',
      labels,
      apiPorts: [],
    });
    const { address } = ostiary;
    const args = ['--policies', documentsFolder(documents), '--listen', `${address}:${OSTIARY_PORT}`];
    const serve = await ostiary.space.start(process.execPath, [main, 'serve', ...args]);
    await untilReady('ostiary', serve, () => Promise.resolve(serve.output().includes('"msg":"ready"')));
    orders = await stage.addPod({
      kind: 'sidecar',
      name: 'orders',
      namespace: 'shop',
      labels: { app: 'orders' },
      apiPorts: [8081],
      ostiaryAddress: address,
    });
    await stage.mesh.apply(
      ...serviceOf({
        name: 'ostiary',
        namespace: 'ostiary',
        clusterIp: '10.0.0.20',
        address,
        ports: [[OSTIARY_PORT, OSTIARY_PORT, 'grpc-checks']],
      }),
      ...serviceOf({
        name: 'orders',
        namespace: 'shop',
        clusterIp: '10.0.0.10',
        address: orders.address,
        ports: [[81, 8081, 'http-web']],
      }),
      {
        apiVersion: 'security.istio.io/v1',
        kind: 'PeerAuthentication',
        metadata: { name: 'strict', namespace: 'ostiary' },
        spec: { mtls: { mode: 'STRICT' } },
      },
    );
    await ostiary.startProxy();
    await orders.startProxy();
  });
  afterAll(() => stage?.close());
  afterEach(async () => {
    await stage.mesh.remove(...applied);
    applied = [];
    await becomes(200);
  });

  const status = (request?: RawRequest) => statusOf(orders.address, 8081, request);
  const becomes = (expected: number) => expect.poll(() => status(), { timeout: 20_000 }).toBe(expected);
  async function apply(line: string): Promise<void> {
    applied = generate(line).documents;
    await stage.mesh.apply(...applied);
  }

  test.each(['envoyfilter', 'extension-provider'])('is used by: %s', async (name) => {
    await apply(`${name} --namespace shop --selector app=orders --mesh-identity ${IDENTITY}`);
    await becomes(401);
    expect(await status({ headers: credentials('web') })).toBe(200);
  });

  test('and its mutual TLS towards the API names the workload that calls', async () => {
    await apply(`envoyfilter --namespace shop --selector app=orders --mesh-identity ${IDENTITY}`);
    await becomes(401);
    const strict = {
      apiVersion: 'security.istio.io/v1',
      kind: 'PeerAuthentication',
      metadata: { name: 'strict', namespace: 'shop' },
      spec: { mtls: { mode: 'STRICT' } },
    };
    await stage.mesh.apply(strict);
    const as = (name: string) => () =>
      statusByTls(orders.address, stage.authority.issue(`spiffe://cluster.local/ns/${name}`));
    await expect.poll(as('jobs/sa/nightly'), { timeout: 20_000 }).toBe(200);
    expect(await as('shop/sa/web')()).toBe(403);
    expect(await as('jobs/more/sa/nightly')()).toBe(403);
    await stage.mesh.remove(strict);
  });

  test.each(['', '--mesh-identity spiffe://cluster.local/ns/ostiary/sa/other'])(
    'lets nobody pass where ostiary is not asked with: %s',
    async (flags) => {
      await apply(`envoyfilter --namespace shop --selector app=orders ${flags}`.trim());
      await becomes(503);
      expect(await status({ headers: credentials('web') })).toBe(503);
    },
  );
});

/** Of one request as a sidecar of the mesh sends it; 0 where the connection ends without an answer. */
function statusByTls(host: string, { certificate, key }: { certificate: string; key: string }): Promise<number> {
  return new Promise((resolve) => {
    let text = '';
    const protocols = ['istio-http/1.1', 'istio', 'http/1.1'];
    const options = { host, port: 8081, cert: certificate, key, rejectUnauthorized: false, ALPNProtocols: protocols };
    const socket = connect(options, () =>
      socket.write('GET /reports/1 HTTP/1.1\r\nhost: orders.shop\r\nconnection: close\r\n\r\n'),
    );
    socket.on('data', (bytes) => (text += bytes.toString('latin1')));
    socket.once('error', () => socket.destroy());
    socket.setTimeout(5000, () => socket.destroy());
    socket.once('close', () => resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0)));
  });
}
