import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { realPart } from '../real/parts.ts';
import type { PodSpace } from '../real/pods.ts';
import { untilReady } from '../real/process.ts';
import type { RealProcess } from '../real/process.ts';
import { scratchFolder } from '../real/scratch.ts';

export interface ProxyOptions {
  readonly kind: 'sidecar' | 'router' | 'waypoint';
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Where istiod answers. */
  readonly control: { readonly address: string; readonly port: number };
  /** Where its certificates come from. */
  readonly agent: { readonly address: string; readonly port: number };
  /** More of Envoy's `static_resources`. */
  readonly listeners?: readonly object[];
  readonly clusters?: readonly object[];
}

/** A real Envoy in a pod that has its configuration from istiod. */
export interface RealProxy extends RealProcess {
  /** All that it has been told, as text. */
  configuration(): Promise<string>;
}

export const ADMIN_PORT = 15_000;

export async function startProxy(space: PodSpace, options: ProxyOptions): Promise<RealProxy> {
  const { kind, name, namespace, labels } = options;
  const file = join(scratchFolder('proxy'), 'bootstrap.json');
  const bootstrap = {
    node: {
      id: `${kind}~${space.address}~${name}.${namespace}~${namespace}.svc.cluster.local`,
      cluster: `${name}.${namespace}`,
      metadata: {
        CLUSTER_ID: 'Kubernetes',
        INSTANCE_IPS: space.address,
        INTERCEPTION_MODE: 'REDIRECT',
        ISTIO_VERSION: '1.31.0',
        LABELS: labels,
        ANNOTATIONS: options.annotations ?? {},
        NAME: name,
        NAMESPACE: namespace,
        SERVICE_ACCOUNT: 'default',
      },
    },
    admin: { address: { socket_address: { address: space.address, port_value: ADMIN_PORT } } },
    bootstrap_extensions: [
      {
        name: 'envoy.bootstrap.internal_listener',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.bootstrap.internal_listener.v3.InternalListener',
        },
      },
    ],
    dynamic_resources: {
      lds_config: { ads: {}, resource_api_version: 'V3' },
      cds_config: { ads: {}, resource_api_version: 'V3' },
      ads_config: {
        api_type: 'GRPC',
        transport_api_version: 'V3',
        grpc_services: [{ envoy_grpc: { cluster_name: 'xds-grpc' } }],
      },
    },
    static_resources: {
      listeners: options.listeners ?? [],
      clusters: [
        grpcCluster('xds-grpc', options.control),
        grpcCluster('sds-grpc', options.agent),
        ...(options.clusters ?? []),
      ],
    },
  };
  writeFileSync(file, JSON.stringify(bootstrap));
  const args = ['--config-path', file, '--disable-hot-restart', '--concurrency', '1', '--log-level', 'warning'];
  const envoy = await space.start(await realPart('envoy'), args);
  const admin = `http://${space.address}:${ADMIN_PORT}`;
  await untilReady(`the proxy ${name}`, envoy, async () => (await fetch(`${admin}/ready`)).ok, 60_000);
  return {
    ...envoy,
    configuration: async () => (await fetch(`${admin}/config_dump?include_eds`)).text(),
  };
}

function grpcCluster(name: string, { address, port }: ProxyOptions['control']): object {
  return {
    name,
    type: 'STATIC',
    connect_timeout: '1s',
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        explicit_http_config: { http2_protocol_options: {} },
      },
    },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: { address, port_value: port } } } }] }],
    },
  };
}
