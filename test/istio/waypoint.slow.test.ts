import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { api, client, contract, credentials } from '../e2e/documents.ts';
import { generate } from '../generate/generated.ts';
import type { Generated } from '../generate/generated.ts';
import { untilReady } from '../real/process.ts';
import { expectCounted, settledRequests } from './counted-requests.ts';
import { serviceOf } from './mesh.ts';
import { ask, statusOf } from './request.ts';
import type { RawRequest } from './request.ts';
import { istioParts, openStage } from './stage.ts';
import type { Stage, StagePod } from './stage.ts';

const ENFORCED = { policies: [{ policyRef: { name: 'client-id-enforcement' } }] };
const documents = [api('orders', ENFORCED), client('web'), contract('web', 'orders')];

const NAMESPACE = 'shop';
const ORDERS = { clusterIp: '10.0.0.10', port: 8001 };
const USERS = { clusterIp: '10.0.0.11', port: 8002 };

describe.skipIf(istioParts.includes(undefined))("Istio's waypoint, configured by a real istiod", () => {
  let stage: Stage;
  let waypoint: StagePod;
  let applied: readonly Generated[] = [];
  beforeAll(async () => {
    stage = await openStage(documents);
    const usual = { namespace: NAMESPACE, kind: 'waypoint', apiPorts: [8080] } as const;
    const upstream = await stage.addPod({ ...usual, name: 'orders', labels: { app: 'orders' } });
    waypoint = await stage.addPod({
      ...usual,
      apiPorts: [],
      name: 'waypoint',
      labels: {
        'gateway.networking.k8s.io/gateway-name': 'waypoint',
        'gateway.istio.io/managed': 'istio.io-mesh-controller',
      },
      listeners: [tunnel(ORDERS.port, `${ORDERS.clusterIp}:80`), tunnel(USERS.port, `${USERS.clusterIp}:80`)],
      clusters: [INNER],
    });
    const service = (name: string, clusterIp: string, { address }: StagePod, port: number, targetPort: number) =>
      serviceOf({ name, namespace: NAMESPACE, clusterIp, address, ports: [[port, targetPort, 'http']] });
    const [ordersService, ordersSlice] = service('orders', ORDERS.clusterIp, upstream, 80, 8080);
    const [usersService, usersSlice] = service('users', USERS.clusterIp, upstream, 80, 8080);
    const [waypointService, waypointSlice] = service('waypoint', '10.0.0.12', waypoint, 15_008, 15_008);
    await stage.mesh.apply(
      ...[WITHOUT_ISTIOS_FILTERS, waypointService, waypointSlice, GATEWAY, ordersSlice, usersSlice].map(
        (each) => each ?? {},
      ),
      labelled(ordersService),
      labelled(usersService),
    );
    await stage.mesh.kubernetes.applyStatus({
      ...GATEWAY,
      status: { addresses: [{ type: 'Hostname', value: `waypoint.${NAMESPACE}.svc.cluster.local` }] },
    } as never);
    const proxy = await waypoint.startProxy();
    await untilReady('the waypoint', proxy, async () => (await status(USERS.port)) === 200);
  });
  afterAll(() => stage?.close());
  afterEach(async () => {
    await stage.mesh.remove(...applied);
    applied = [];
    for (const { port } of [ORDERS, USERS]) await expect.poll(() => status(port), { timeout: 20_000 }).toBe(200);
  });

  const status = (port: number, request: RawRequest = {}) =>
    statusOf(waypoint.address, port, { ...request, keepAlive: true });
  async function apply(line: string): Promise<void> {
    applied = generate(line).documents;
    await stage.mesh.apply(...applied);
  }

  test('lets everything pass where a policy has a selector only', async () => {
    await apply(`extension-provider --namespace ${NAMESPACE} --selector app=orders`);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    expect(await status(ORDERS.port)).toBe(200);
  });

  test.each([
    ['Gateway/waypoint', 401],
    ['Service/orders', 200],
  ])('asks by a policy that targets %s', async (target, ofOthers) => {
    await apply(`extension-provider --namespace ${NAMESPACE} --target ${target}`);
    await expect.poll(() => status(ORDERS.port), { timeout: 20_000 }).toBe(401);
    await expect.poll(() => status(USERS.port), { timeout: 20_000 }).toBe(ofOthers);
    expect(await status(ORDERS.port, { headers: credentials('web') })).toBe(200);
    for (const request of [{ version: '1.0' }, { ahead: '\r\n' }] as const)
      expect(await status(ORDERS.port, request)).not.toBe(200);
    expect(await ask(waypoint.address, ORDERS.port, { headers: credentials('web'), keepAlive: true })).toContain(
      '"x-ostiary-client-id"',
    );
  });

  test('tells how requests end, by a Telemetry that targets it', async () => {
    await apply(`extension-provider --access-log --namespace ${NAMESPACE} --target Gateway/waypoint`);
    await expect.poll(() => status(ORDERS.port), { timeout: 20_000 }).toBe(401);
    const before = await settledRequests(stage);
    for (let i = 0; i < 3; i++) expect(await status(ORDERS.port, { headers: credentials('web') })).toBe(200);
    for (let i = 0; i < 2; i++) expect(await status(ORDERS.port)).toBe(401);
    await expectCounted(stage, before, { 'orders web processed': 3, 'orders - blocked': 2 });
  });
});

const GATEWAY = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'waypoint', namespace: NAMESPACE, labels: { 'istio.io/waypoint-for': 'service' } },
  spec: { gatewayClassName: 'istio-waypoint', listeners: [{ name: 'mesh', port: 15_008, protocol: 'HBONE' }] },
};

/** Only Istio's own build of Envoy has this filter, which writes telemetry. Istiod applies such a filter to waypoints, though nobody documents it. */
const WITHOUT_ISTIOS_FILTERS = {
  apiVersion: 'networking.istio.io/v1alpha3',
  kind: 'EnvoyFilter',
  metadata: { name: 'plain-envoy', namespace: NAMESPACE },
  spec: {
    targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'waypoint' }],
    configPatches: [
      {
        applyTo: 'HTTP_FILTER',
        match: {
          context: 'SIDECAR_INBOUND',
          listener: {
            filterChain: {
              filter: {
                name: 'envoy.filters.network.http_connection_manager',
                subFilter: { name: 'waypoint_upstream_peer_metadata' },
              },
            },
          },
        },
        patch: { operation: 'REMOVE' },
      },
    ],
  },
};

/** The Service, led through the waypoint. */
function labelled(service: object | undefined): object {
  const { metadata, ...rest } = service as { metadata: object };
  return { ...rest, metadata: { ...metadata, labels: { 'istio.io/use-waypoint': 'waypoint' } } };
}

const FILTERS = 'type.googleapis.com/envoy.extensions.filters';

/**
 * What ztunnel's tunnel ends in: a connection to the waypoint's inner listener that knows whither it was going. The outer one, which ends
 * the tunnel's TLS, needs Istio's own build of Envoy.
 */
function tunnel(port: number, destination: string): object {
  return {
    name: `tunnel-${port}`,
    address: { socket_address: { address: '0.0.0.0', port_value: port } },
    filter_chains: [
      {
        filters: [
          {
            name: 'destination',
            typed_config: {
              '@type': `${FILTERS}.network.set_filter_state.v3.Config`,
              on_new_connection: [
                {
                  object_key: 'envoy.filters.listener.original_dst.local_ip',
                  format_string: { text_format_source: { inline_string: destination } },
                  shared_with_upstream: 'ONCE',
                },
              ],
            },
          },
          {
            name: 'tcp',
            typed_config: {
              '@type': `${FILTERS}.network.tcp_proxy.v3.TcpProxy`,
              stat_prefix: 'tunnel',
              cluster: 'inner',
            },
          },
        ],
      },
    ],
  };
}

const INNER = {
  name: 'inner',
  type: 'STATIC',
  connect_timeout: '1s',
  transport_socket: {
    name: 'envoy.transport_sockets.internal_upstream',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport',
      transport_socket: {
        name: 'envoy.transport_sockets.raw_buffer',
        typed_config: { '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer' },
      },
    },
  },
  load_assignment: {
    cluster_name: 'inner',
    endpoints: [
      {
        lb_endpoints: [
          { endpoint: { address: { envoy_internal_address: { server_listener_name: 'main_internal' } } } },
        ],
      },
    ],
  },
};
