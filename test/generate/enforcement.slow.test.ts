import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startUpstream } from '../../demo/upstream.ts';
import type { Upstream } from '../../demo/upstream.ts';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import { objectsOf, render, writeValues } from '../chart/helm.ts';
import { api, contract, credentials, documentsFolder } from '../e2e/documents.ts';
import { echoOf, send } from '../e2e/request.ts';
import { newcomer, shop } from '../e2e/shop.ts';
import { startEnvoy, validateBootstrap } from '../real/envoy.ts';
import type { RealEnvoy } from '../real/envoy.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';

const parts = [await partOrSkip('envoy'), await partOrSkip('helm')];

/** Reached by its route's naming it alone. */
const named = api('named', {
  hosts: ['named.example.com'],
  policies: [{ policyRef: { name: 'client-id-enforcement' } }],
});

const PLACEMENTS = ['sidecar', 'gateway'] as const;
const ways = PLACEMENTS.flatMap((placement) =>
  [true, false].flatMap((rawHeaders) =>
    (['tcp', 'unix'] as const).map((via) => ({
      placement,
      rawHeaders,
      via,
      name: `${placement}-${via}-${rawHeaders}`,
    })),
  ),
);

describe.skipIf(parts.includes(undefined))("the chart's EnvoyFilters, put into a real Envoy", () => {
  const ostiaries = new Map<'tcp' | 'unix', RealOstiary>();
  const socket = join(scratchFolder('sock'), 'ostiary.sock');
  let upstream: Upstream;
  let port: number;
  let filters: ReadonlyMap<string, Patches>;
  beforeAll(async () => {
    upstream = await startUpstream();
    port = await freePort();
    const clients = ways.flatMap(({ name }) => newcomer(name, 'orders', 'bronze'));
    const policies = documentsFolder([...shop, ...clients, named, contract('gold', 'named')]);
    ostiaries.set('tcp', await startOstiary({ policies, listen: `127.0.0.1:${port}` }));
    ostiaries.set('unix', await startOstiary({ policies, listen: `unix:${socket}` }));
    filters = await renderFilters(socket);
  });
  afterAll(async () => {
    for (const ostiary of ostiaries.values()) await ostiary.stop();
    await upstream?.close();
  });

  test.each(ways)('$name is accepted and enforces 401, 200 and 429', async ({ name }) => {
    const config = withPatches(filters.get(name), port, upstream.port);
    expect(await validateBootstrap(config)).toBeUndefined();
    const envoy: RealEnvoy = await startEnvoy(config);
    try {
      const ask = (headers = {}) => send(envoy.port('mesh'), '/orders/1', { headers });
      expect((await ask()).status).toBe(401);
      const echo = echoOf(await ask({ ...credentials(name), 'x-ostiary-tier': ['gold', 'platinum'] }));
      expect(echo.headers['x-ostiary-tier']).toBe('bronze');
      for (const _ of [1, 2]) expect((await ask(credentials(name))).status).toBe(200);
      expect((await ask(credentials(name))).status).toBe(429);
      // The API of the route, whose own host is another.
      expect((await send(envoy.port('mesh'), '/named/1')).status).toBe(401);
      expect((await send(envoy.port('mesh'), '/named/1', { headers: credentials('gold') })).status).toBe(200);
    } finally {
      await envoy.stop();
    }
  });
});

interface Patches {
  readonly cluster: Cluster;
  readonly filter: object;
  readonly route: object;
}

interface Cluster {
  readonly name: string;
  readonly load_assignment: {
    readonly endpoints: [{ readonly lb_endpoints: [{ readonly endpoint: { address: { socket_address?: object } } }] }];
  };
}

async function renderFilters(socketPath: string): Promise<ReadonlyMap<string, Patches>> {
  const envoyFilters = ways.map(({ name, placement, rawHeaders, via }) => ({
    name,
    placement,
    rawHeaders,
    selector: { app: name },
    socket: via === 'unix' ? socketPath : undefined,
    apis: [{ api: 'named', route: '8080' }],
  }));
  const values = { policies: { existingConfigMaps: ['documents'] }, envoyFilters };
  const objects = objectsOf(await render([writeValues(values)])).filter(({ kind }) => kind === 'EnvoyFilter');
  return new Map(
    objects.map(({ metadata, spec }) => {
      const patches = spec['configPatches'] as readonly { applyTo: string; patch: { value: object } }[];
      const valueOf = (...names: string[]) => patches.find(({ applyTo }) => names.includes(applyTo))?.patch.value ?? {};
      const cluster = valueOf('CLUSTER') as Cluster;
      return [metadata.name, { cluster, filter: valueOf('HTTP_FILTER'), route: valueOf('VIRTUAL_HOST', 'HTTP_ROUTE') }];
    }),
  );
}

/** Does with a plain bootstrap what Istio does with its own configuration. */
function withPatches(patches: Patches | undefined, ostiaryPort: number, upstreamPort: number): object {
  if (patches === undefined) throw new Error('there is no such EnvoyFilter');
  const listener = { name: 'mesh', host: '127.0.0.1', port: 0, normalizePath: true, rawHeaders: false };
  const config = bootstrap({
    ostiary: { kind: 'tcp', host: '127.0.0.1', port: 1 },
    timeoutMs: 1,
    listeners: [{ ...listener, api: undefined }],
    upstream: { host: '127.0.0.1', port: upstreamPort },
  }) as Bootstrap;
  const { cluster, filter, route } = patches;
  const [endpoint] = cluster.load_assignment.endpoints[0].lb_endpoints;
  // The name of the Service, which no DNS here knows.
  if (endpoint.endpoint.address.socket_address !== undefined) {
    endpoint.endpoint.address = { socket_address: { address: '127.0.0.1', port_value: ostiaryPort } };
  }
  const manager = config.static_resources.listeners[0].filter_chains[0].filters[0].typed_config;
  manager.http_filters[0] = filter;
  const [routes] = manager.route_config.virtual_hosts;
  const [route0] = routes.routes;
  routes.routes = [{ ...route0, match: { prefix: '/named' }, ...route }, route0];
  config.static_resources.clusters[0] = cluster;
  return config;
}

interface Bootstrap {
  readonly static_resources: {
    readonly clusters: [object, object];
    readonly listeners: [
      {
        readonly filter_chains: [
          {
            readonly filters: [
              {
                readonly typed_config: {
                  readonly http_filters: [object, object];
                  readonly route_config: { readonly virtual_hosts: [{ routes: [object, ...object[]] }] };
                };
              },
            ];
          },
        ];
      },
    ];
  };
}
