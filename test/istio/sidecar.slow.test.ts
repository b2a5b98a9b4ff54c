import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { api, client, contract, credentials } from '../e2e/documents.ts';
import { generate } from '../generate/generated.ts';
import type { Generated } from '../generate/generated.ts';
import { expectCounted, settledRequests } from './counted-requests.ts';
import { serviceOf } from './mesh.ts';
import { statusOf } from './request.ts';
import type { RawRequest } from './request.ts';
import type { RealProxy } from './proxy.ts';
import { istioParts, openStage } from './stage.ts';
import type { Stage, StagePod } from './stage.ts';

const ENFORCED = { policies: [{ policyRef: { name: 'client-id-enforcement' } }] };
const documents = [
  api('orders', ENFORCED),
  api('other', ENFORCED),
  // Found by its name alone: no request here has its host.
  api('named', { ...ENFORCED, hosts: ['named.test'], basePath: '/' }),
  client('web'),
  contract('web', 'orders'),
];

/** What an HTTP filter alone does not see: Istio takes it for TCP. */
const NOT_HTTP: readonly RawRequest[] = [{ version: '1.0' }, { ahead: '\r\n' }];

// 8080 has a Service without a protocol, 8081 one that is HTTP by name, 8082 no Service at all.
const PORTS = [8080, 8081, 8082];

describe.skipIf(istioParts.includes(undefined))("Istio's sidecar, configured by a real istiod", () => {
  let stage: Stage;
  let pod: StagePod;
  let proxy: RealProxy;
  let applied: readonly Generated[] = [];
  beforeAll(async () => {
    stage = await openStage(documents);
    const labels = { app: 'orders' };
    pod = await stage.addPod({ kind: 'sidecar', name: 'orders', namespace: 'shop', labels, apiPorts: PORTS });
    await stage.mesh.apply(
      ...serviceOf({
        name: 'orders',
        namespace: 'shop',
        clusterIp: '10.0.0.10',
        address: pod.address,
        ports: [
          [80, 8080, 'web'],
          [81, 8081, 'http-web'],
        ],
      }),
    );
    proxy = await pod.startProxy();
  });
  afterAll(() => stage?.close());
  afterEach(async () => {
    await stage.mesh.remove(...applied);
    applied = [];
    for (const port of PORTS) await expect.poll(() => status(port), { timeout: 20_000 }).toBe(200);
  });

  const status = (port: number, request?: RawRequest) => statusOf(pod.address, port, request);
  const enforces = () => expect.poll(() => status(8081), { timeout: 20_000 }).toBe(401);
  async function apply(line: string, more: (generated: Generated) => boolean = () => true): Promise<void> {
    applied = generate(line).documents.filter(more);
    await stage.mesh.apply(...applied);
  }

  test('is an open door to what it takes for TCP, where an EnvoyFilter alone asks', async () => {
    await apply('envoyfilter --namespace shop --selector app=orders', ({ kind }) => kind === 'EnvoyFilter');
    await enforces();
    for (const port of [8080, 8082]) {
      await expect.poll(() => status(port)).toBe(401);
      for (const request of NOT_HTTP) expect(await status(port, request)).toBe(200);
    }
  });

  test('enforces on every port and for what is no HTTP to it, with what is generated', async () => {
    await apply('envoyfilter --namespace shop --selector app=orders');
    await enforces();
    for (const port of PORTS) {
      await expect
        .poll(() => status(port, { version: '1.0' }), { message: String(port), timeout: 20_000 })
        .not.toBe(200);
      expect(await status(port)).toBe(401);
      expect(await status(port, { headers: credentials('web') })).toBe(200);
      expect(await status(port, { path: '/other/1', headers: credentials('web') })).toBe(401);
      for (const request of NOT_HTTP) expect(await status(port, request)).not.toBe(200);
    }
  });

  test('leaves the TCP of a port open that is named', async () => {
    await apply('envoyfilter --namespace shop --open-tcp-port 8082');
    await enforces();
    await expect.poll(() => status(8080, { version: '1.0' }), { timeout: 20_000 }).toBe(0);
    expect(await status(8082, { version: '1.0' })).toBe(200);
    expect(await status(8082)).toBe(401);
  });

  test.each([
    ['envoyfilter --access-log', 5],
    ['extension-provider --access-log', 0],
    ['extension-provider --access-log --log-provider mesh-log', 5],
  ])('tells how requests end by %s, where the log of the mesh has %d of 5', async (line, linesOfMesh) => {
    await apply(`${line} --namespace shop --selector app=orders`);
    await enforces();
    await expect.poll(() => proxy.configuration()).toContain('HttpGrpcAccessLogConfig');
    // Requests of before are told, or never will be.
    const before = await settledRequests(stage);
    const path = `/orders/${line.replaceAll(' ', '-')}`;
    for (let i = 0; i < 3; i++) expect(await status(8081, { path, headers: credentials('web') })).toBe(200);
    for (let i = 0; i < 2; i++) expect(await status(8081, { path })).toBe(401);
    await expectCounted(stage, before, { 'orders web processed': 3, 'orders - blocked': 2 });
    // Envoy writes a file every ten seconds.
    if (linesOfMesh === 0) await sleep(11_000);
    const told = () => stage.meshLog().filter((each) => each.includes(`"GET ${path} HTTP/1.1"`)).length;
    await expect.poll(told, { timeout: 20_000 }).toBe(linesOfMesh);
  });

  test('takes the API of a port by the port of the Service', async () => {
    await apply('envoyfilter --namespace shop --route-api 81=orders --api named');
    await enforces();
    // By its path it is `orders` on both ports.
    const request = { path: '/orders/x', headers: credentials('web') };
    await expect.poll(() => status(8081, request)).toBe(200);
    expect(await status(8080, request)).toBe(401);
  });

  test('enforces by an extension provider, TCP included, with APIs of ports from an EnvoyFilter of routes alone', async () => {
    await apply('extension-provider --namespace shop --selector app=orders');
    await enforces();
    for (const port of PORTS) {
      await expect.poll(() => status(port)).toBe(401);
      expect(await status(port, { headers: credentials('web') })).toBe(200);
      for (const request of NOT_HTTP) expect(await status(port, request)).not.toBe(200);
    }
    const routes = generate(
      'envoyfilter --namespace shop --name routes --routes-only --route-api 81=orders --api named',
    );
    applied = [...applied, ...routes.documents];
    await stage.mesh.apply(...routes.documents);
    await expect.poll(() => status(8080, { headers: credentials('web') }), { timeout: 20_000 }).toBe(401);
    expect(await status(8081, { headers: credentials('web') })).toBe(200);
  });
});
