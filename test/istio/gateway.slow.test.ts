import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { api, client, contract, credentials } from '../e2e/documents.ts';
import { generate } from '../generate/generated.ts';
import type { Generated } from '../generate/generated.ts';
import { expectCounted, settledRequests } from './counted-requests.ts';
import { serviceOf } from './mesh.ts';
import { ask, statusOf } from './request.ts';
import type { RawRequest } from './request.ts';
import { istioParts, openStage } from './stage.ts';
import type { Stage, StagePod } from './stage.ts';

const ENFORCED = { policies: [{ policyRef: { name: 'client-id-enforcement' } }] };
const documents = [
  api('orders', ENFORCED),
  // Found by its name alone: no request here has its host.
  api('users', { ...ENFORCED, hosts: ['users.test'], basePath: '/' }),
  client('web'),
  contract('web', 'orders'),
  client('app'),
  contract('app', 'users'),
];

const NAMESPACE = 'shop';
const LISTEN_PORT = 8000;

describe.skipIf(istioParts.includes(undefined))("Istio's gateways, configured by a real istiod", () => {
  let stage: Stage;
  let upstream: StagePod;
  /** Of the Gateway API, and Istio's own. */
  let modern: StagePod;
  let classic: StagePod;
  let applied: readonly Generated[] = [];
  beforeAll(async () => {
    stage = await openStage(documents);
    const usual = { namespace: NAMESPACE, apiPorts: [] } as const;
    upstream = await stage.addPod({
      ...usual,
      kind: 'waypoint',
      name: 'orders',
      labels: { app: 'orders' },
      apiPorts: [8080],
    });
    const named = { 'gateway.networking.k8s.io/gateway-name': 'eg', app: 'eg-istio' };
    modern = await stage.addPod({ ...usual, kind: 'router', name: 'eg', labels: named });
    const ingress = { istio: 'ingressgateway', app: 'ingress' };
    classic = await stage.addPod({ ...usual, kind: 'router', name: 'ingress', labels: ingress });
    const service = (name: string, clusterIp: string, { address }: StagePod, port: number, targetPort: number) =>
      serviceOf({ name, namespace: NAMESPACE, clusterIp, address, ports: [[port, targetPort, 'http']] });
    await stage.mesh.apply(
      ...service('orders', '10.0.0.10', upstream, 80, 8080),
      ...service('eg-istio', '10.0.0.11', modern, LISTEN_PORT, LISTEN_PORT),
      ...service('ingress', '10.0.0.12', classic, LISTEN_PORT, LISTEN_PORT),
      ...gatewayApi,
      ...VIRTUAL_SERVICE,
    );
    await modern.startProxy();
    await classic.startProxy();
  });
  afterAll(() => stage?.close());
  afterEach(async () => {
    await stage.mesh.remove(...applied);
    applied = [];
    for (const gateway of [modern, classic])
      await expect.poll(() => status(gateway, { path: '/orders/1' }), { timeout: 20_000 }).toBe(200);
  });

  const status = ({ address }: StagePod, request: RawRequest = {}) =>
    statusOf(address, LISTEN_PORT, { host: 'shop.example.com', ...request });
  const becomes = (gateway: StagePod, expected: number, request?: RawRequest) =>
    expect.poll(() => status(gateway, request), { timeout: 20_000 }).toBe(expected);
  async function apply(line: string): Promise<void> {
    const { documents: made } = generate(line);
    applied = [...applied, ...made];
    await stage.mesh.apply(...made);
  }

  test("of the Gateway API have no label of Istio's own: a filter by that one asks about nothing", async () => {
    await apply(`envoyfilter --placement gateway --namespace ${NAMESPACE} --selector istio=ingressgateway`);
    await becomes(classic, 401);
    expect(await status(modern)).toBe(200);
  });

  test.each([
    `envoyfilter --placement gateway --namespace ${NAMESPACE} --target Gateway/eg`,
    `extension-provider --namespace ${NAMESPACE} --target Gateway/eg`,
  ])('of the Gateway API ask by: %s', async (line) => {
    await apply(line);
    await becomes(modern, 401);
    expect(await status(modern, { headers: credentials('web') })).toBe(200);
    for (const request of [{ version: '1.0' }, { ahead: '\r\n' }] as const)
      expect([400, 401, 426]).toContain(await status(modern, request));
    expect(await status(classic)).toBe(200);
  });

  test.each([
    `envoyfilter --access-log --placement gateway --namespace ${NAMESPACE} --target Gateway/eg`,
    `extension-provider --access-log --namespace ${NAMESPACE} --target Gateway/eg`,
  ])('tell how requests end, by: %s', async (line) => {
    await apply(line);
    await becomes(modern, 401);
    const before = await settledRequests(stage);
    for (let i = 0; i < 3; i++) expect(await status(modern, { headers: credentials('web') })).toBe(200);
    for (let i = 0; i < 2; i++) expect(await status(modern)).toBe(401);
    expect(await status(classic)).toBe(200);
    await expectCounted(stage, before, { 'orders web processed': 3, 'orders - blocked': 2 });
  });

  test('keep the API of a route of an HTTPRoute, by the name that Istio gives it', async () => {
    await apply(
      `envoyfilter --placement gateway --namespace ${NAMESPACE} --target Gateway/eg --route-api shop.orders.0=orders --route-api shop.orders.1=users`,
    );
    await becomes(modern, 401, { path: '/orders/1' });
    // By their paths both are `orders`.
    await becomes(modern, 200, { path: '/orders/1', headers: credentials('web') });
    await becomes(modern, 200, { path: '/orders/users', headers: credentials('app') });
    expect(await status(modern, { path: '/orders/users', headers: credentials('web') })).toBe(401);
  });

  test('keep the API of a route and of a match of a VirtualService, by their names', async () => {
    await apply(
      `envoyfilter --placement gateway --namespace ${NAMESPACE} --selector istio=ingressgateway --route-api rest=orders --route-api people.all=users`,
    );
    await becomes(classic, 401, { path: '/orders/1' });
    await becomes(classic, 200, { path: '/orders/1', headers: credentials('web') });
    await becomes(classic, 200, { path: '/orders/users', headers: credentials('app') });
    expect(await status(classic, { path: '/orders/users', headers: credentials('web') })).toBe(401);
  });

  test('fall back to host and path where no route has the name, and ostiary tells of it', async () => {
    await apply(
      `envoyfilter --placement gateway --namespace ${NAMESPACE} --target Gateway/eg --route-api shop.orders.0=orders --route-api shop.wrong.0=users`,
    );
    await becomes(modern, 401, { path: '/orders/1' });
    await becomes(modern, 401, { path: '/orders/users' });
    const metrics = await (await fetch(`${stage.ostiary.adminUrl}/metrics`)).text();
    expect(metrics).toMatch(/ostiary_route_checks_total\{route="shop\.wrong\.0"\} 0\n/);
    expect(metrics).toMatch(/ostiary_route_checks_total\{route="shop\.orders\.0"\} [1-9]/);
    await expect.poll(() => stage.ostiary.output()).toMatch(/"never_seen":\[[^\]]*"shop\.wrong\.0"/);
  });

  test('reach the upstream with what ostiary set', async () => {
    await apply(`envoyfilter --placement gateway --namespace ${NAMESPACE} --target Gateway/eg`);
    await becomes(modern, 401);
    const echo = await ask(modern.address, LISTEN_PORT, { host: 'shop.example.com', headers: credentials('web') });
    expect(echo).toContain('"x-ostiary-client-id":"web-id"');
  });
});

const gatewayApi = [
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'eg', namespace: NAMESPACE },
    spec: {
      gatewayClassName: 'istio',
      addresses: [{ type: 'Hostname', value: `eg-istio.${NAMESPACE}.svc.cluster.local` }],
      listeners: [{ name: 'http', port: LISTEN_PORT, protocol: 'HTTP' }],
    },
  },
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'orders', namespace: NAMESPACE },
    spec: {
      parentRefs: [{ name: 'eg' }],
      rules: ['/orders', '/orders/users'].map((value) => ({
        matches: [{ path: { type: 'PathPrefix', value } }],
        backendRefs: [{ name: 'orders', port: 80 }],
      })),
    },
  },
];

const DESTINATION = { host: `orders.${NAMESPACE}.svc.cluster.local`, port: { number: 80 } };
const VIRTUAL_SERVICE = [
  {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { name: 'ingress', namespace: NAMESPACE },
    spec: {
      selector: { istio: 'ingressgateway' },
      servers: [{ port: { number: LISTEN_PORT, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }],
    },
  },
  {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'orders', namespace: NAMESPACE },
    spec: {
      hosts: ['*'],
      gateways: ['ingress'],
      http: [
        {
          name: 'people',
          match: [{ name: 'all', uri: { prefix: '/orders/users' } }],
          route: [{ destination: DESTINATION }],
        },
        { name: 'rest', route: [{ destination: DESTINATION }] },
      ],
    },
  },
];
