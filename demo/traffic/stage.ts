import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import { PER_ROUTE_NAME } from '../../src/generate/ext-authz.ts';
import { startEnvoy } from '../../test/real/envoy.ts';
import { startOstiary } from '../../test/real/ostiary.ts';
import { scratchFolder } from '../../test/real/scratch.ts';
import { SERVICES, startServices } from './services.ts';
import type { Health, Services } from './services.ts';

/** A shop: four services, an Envoy before them that asks ostiary and streams its access log to it. */
export interface TrafficStage {
  /** Where Envoy listens. */
  readonly port: number;
  readonly health: Health;
  /** Of the operators' API, with which `ostiary analytics` asks. */
  readonly apiUrl: string;
  readonly tokenFile: string;
  stop(): Promise<void>;
}

const TOKEN = 'a-token-of-the-demo-alone-0123456789';

/**
 * @param port where Envoy listens; 0: a free one
 * @throws PartMissing where there is no Envoy and none can be had
 */
export async function setTrafficStage(port: number): Promise<TrafficStage> {
  const folder = scratchFolder('traffic');
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, TOKEN, { mode: 0o600 });
  const services = await startServices();
  const ostiary = await startOstiary({
    policies: join(import.meta.dirname, 'documents'),
    args: ['--data-dir', join(folder, 'data'), '--api-token-file', tokenFile],
  });
  const envoy = await startEnvoy(envoyOf(port, Number(ostiary.listen.split(':')[1]), services));
  return {
    port: envoy.port('shop'),
    health: services.health,
    apiUrl: ostiary.apiUrl,
    tokenFile,
    async stop() {
      await Promise.all([envoy.stop(), ostiary.stop(), services.close()]);
    },
  };
}

/** What `ostiary generate bootstrap --access-log` prints, with a route to each of the services. */
function envoyOf(port: number, ostiaryPort: number, { ports }: Services): object {
  const listener = { name: 'shop', host: '127.0.0.1', port, rawHeaders: false, normalizePath: true, api: undefined };
  const config = bootstrap({
    ostiary: { kind: 'tcp', host: '127.0.0.1', port: ostiaryPort },
    // What else runs on this machine must not become a part of the story.
    timeoutMs: 5000,
    accessLog: true,
    listeners: [listener],
    upstream: { host: '127.0.0.1', port: ports['catalog-v1'] },
  }) as Configuration;
  const { listeners, clusters } = config.static_resources;
  listeners[0].filter_chains[0].filters[0].typed_config.route_config = { virtual_hosts: [VIRTUAL_HOST] };
  const [ostiary = {}] = clusters;
  return {
    node: { id: 'shop-gateway', cluster: 'shop' },
    static_resources: { listeners, clusters: [ostiary, ...SERVICES.map((name) => clusterOf(name, ports[name]))] },
  };
}

/** Whoever added the route of `stock` has switched ostiary off there, and told nobody. */
const VIRTUAL_HOST = {
  name: 'shop',
  domains: ['*'],
  routes: [
    { match: { prefix: '/catalog' }, route: { cluster: 'catalog-v1' } },
    { match: { prefix: '/orders' }, route: { cluster: 'orders-v7' } },
    { match: { prefix: '/payments' }, route: { cluster: 'payments-v3' } },
    {
      match: { prefix: '/stock' },
      route: { cluster: 'stock-v1' },
      typed_per_filter_config: {
        [PER_ROUTE_NAME]: {
          '@type': 'type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute',
          disabled: true,
        },
      },
    },
  ],
};

function clusterOf(name: string, port: number): object {
  const endpoint = { address: { socket_address: { address: '127.0.0.1', port_value: port } } };
  return {
    name,
    type: 'STATIC',
    connect_timeout: '1s',
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint }] }] },
  };
}

interface Configuration {
  readonly static_resources: {
    readonly listeners: [{ filter_chains: [{ filters: [{ typed_config: { route_config: object } }] }] }];
    readonly clusters: readonly object[];
  };
}
