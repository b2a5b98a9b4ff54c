import type { Code } from '../../src/doctor/codes.ts';
import { api } from '../e2e/documents.ts';
import { generate } from '../generate/generated.ts';
import type { Changeable, Install } from './clean-install.ts';

export interface Planted {
  readonly code: Code;
  readonly what: string;
  readonly isInCluster?: boolean;
  plant(install: Install): void;
}

export function objectOf({ objects }: Install, kind: string, name?: string, namespace?: string): Changeable {
  const found = objects.find(
    (each) =>
      each.kind === kind &&
      (name === undefined || each.metadata.name === name) &&
      (namespace === undefined || each.metadata.namespace === namespace),
  );
  if (found === undefined) throw new Error(`there is no ${kind} ${name ?? ''}`);
  return found;
}

function remove(install: Install, gone: Changeable): void {
  install.objects.splice(install.objects.indexOf(gone), 1);
}

const filterOf = (install: Install): Changeable => objectOf(install, 'EnvoyFilter', undefined, 'shop');
const gateFilterOf = (install: Install): Changeable => objectOf(install, 'EnvoyFilter', 'gate');
const patchOf = (filter: Changeable, applyTo: string): Changeable =>
  filter.spec.configPatches.find((each: Changeable) => each.applyTo === applyTo);
const askOf = (filter: Changeable): Changeable => patchOf(filter, 'HTTP_FILTER').patch.value.typed_config;
const guardOf = (install: Install): Changeable => objectOf(install, 'AuthorizationPolicy', undefined, 'shop');
const ports = (install: Install): Changeable => objectOf(install, 'Service', 'orders').spec.ports;
const ordersOf = (install: Install): Changeable => objectOf(install, 'Deployment', 'orders').spec.template;
const ostiaryOf = (install: Install): Changeable => objectOf(install, 'Deployment', 'shop-ostiary');
const managerOf = ({ envoys: [envoy] }: Install): Changeable =>
  envoy.static_resources.listeners[0].filter_chains[0].filters[0].typed_config;
const askingOf = (install: Install): Changeable => managerOf(install).http_filters[0].typed_config;
const hookOf = (install: Install): Changeable => objectOf(install, 'MutatingWebhookConfiguration').webhooks[0];
const meshOf = ({ objects }: Install): Changeable => objects.find((each) => each.meshConfig !== undefined).meshConfig;

function withoutGuard(install: Install): void {
  remove(install, guardOf(install));
}

function setRedis(install: Install, field: 'info' | 'config', key: string, value: string): void {
  const [state] = install.redis;
  if (state === undefined) throw new Error('there is no Redis');
  install.redis = [{ ...state, [field]: new Map([...state[field], [key, value]]) }];
}

function count(install: Install, name: string, labels: Readonly<Record<string, string>>, value: number): void {
  install.services = install.services.map((each) => ({
    ...each,
    metrics: [...each.metrics.filter((sample) => sample.name !== name), { name, labels, value }],
  }));
}

const disabled = {
  '@type': 'type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute',
  disabled: true,
};

const ports1: readonly Planted[] = [
  {
    code: 'OST101',
    what: 'a port without a name',
    plant(install) {
      withoutGuard(install);
      delete ports(install)[0].name;
    },
  },
  {
    code: 'OST102',
    what: 'a port called web',
    plant(install) {
      withoutGuard(install);
      ports(install)[0].name = 'web';
    },
  },
  {
    code: 'OST103',
    what: 'a port that is TCP by its name',
    plant(install) {
      withoutGuard(install);
      ports(install)[0].name = 'tcp-web';
    },
  },
  {
    code: 'OST103',
    what: 'a port that is TLS by its appProtocol',
    plant(install) {
      withoutGuard(install);
      ports(install)[0].appProtocol = 'https';
    },
  },
  {
    code: 'OST104',
    what: 'a binding to a Service that does not exist',
    plant: (install) => (objectOf(install, 'ApiBinding').spec.targetRef.name = 'order'),
  },
  {
    code: 'OST104',
    what: 'an EnvoyFilter for a Gateway that does not exist',
    plant: (install) => (gateFilterOf(install).spec.targetRefs[0].name = 'gone'),
  },
  {
    code: 'OST104',
    what: 'a SecurityPolicy for a route that does not exist',
    plant: (install) => (objectOf(install, 'SecurityPolicy').spec.targetRefs[0].name = 'gone'),
  },
  {
    code: 'OST105',
    what: 'an EnvoyFilter whose selector matches no pod',
    plant: (install) => (filterOf(install).spec.workloadSelector.labels = { app: 'order' }),
  },
  {
    code: 'OST106',
    what: 'a bound Service that selects nobody',
    plant: (install) => (objectOf(install, 'Service', 'orders').spec.selector = { app: 'order' }),
  },
  {
    code: 'OST107',
    what: 'a target port that no container has',
    plant: (install) => (ports(install)[0].targetPort = 'http'),
  },
  {
    code: 'OST108',
    what: 'a route that is named by the port of the container',
    plant(install) {
      const vhost = filterOf(install).spec.configPatches.find((each: Changeable) => each.applyTo === 'VIRTUAL_HOST');
      vhost.match.routeConfiguration.vhost.name = 'inbound|http|8080';
    },
  },
];

const attachment: readonly Planted[] = [
  {
    code: 'OST201',
    what: 'an anchor with its old name',
    plant(install) {
      patchOf(filterOf(install), 'HTTP_FILTER').match.listener.filterChain.filter.subFilter.name = 'envoy.router';
    },
  },
  {
    code: 'OST201',
    what: 'an anchor that only some proxies have',
    plant(install) {
      const { filter } = patchOf(gateFilterOf(install), 'HTTP_FILTER').match.listener.filterChain;
      filter.subFilter.name = 'envoy.filters.http.jwt_authn';
    },
  },
  {
    code: 'OST201',
    what: 'a filter behind the router',
    plant: (install) => (patchOf(filterOf(install), 'HTTP_FILTER').patch.operation = 'ADD'),
  },
  {
    code: 'OST201',
    what: 'a patch for one version of the proxy',
    plant(install) {
      patchOf(filterOf(install), 'HTTP_FILTER').match.proxy = { proxyVersion: String.raw`^1\.29.*` };
    },
  },
  {
    code: 'OST202',
    what: 'a listener without the filter',
    plant: (install) => managerOf(install).http_filters.shift(),
  },
  {
    code: 'OST202',
    what: 'a filter that is disabled unless a route enables it',
    plant: (install) => (managerOf(install).http_filters[0].disabled = true),
  },
  {
    code: 'OST203',
    what: 'an EnvoyFilter for a waypoint',
    plant(install) {
      install.objects.push(
        ...generate('envoyfilter --name way --namespace ambient --placement gateway --target Gateway/waypoint')
          .documents,
      );
      const filter = objectOf(install, 'EnvoyFilter', 'way');
      patchOf(filter, 'CLUSTER').patch.value.load_assignment.endpoints = [];
    },
  },
  {
    code: 'OST203',
    what: 'a policy with a selector, where there are waypoints alone',
    plant(install) {
      const policy = objectOf(install, 'AuthorizationPolicy', undefined, 'ambient');
      delete policy.spec.targetRefs;
      policy.spec.selector = { matchLabels: { app: 'users' } };
    },
  },
  {
    code: 'OST204',
    what: 'failure_mode_allow in an EnvoyFilter',
    plant: (install) => (askOf(filterOf(install)).failure_mode_allow = true),
  },
  {
    code: 'OST204',
    what: 'failure_mode_allow in a bootstrap',
    plant: (install) => (askingOf(install).failure_mode_allow = true),
  },
  {
    code: 'OST204',
    what: 'failOpen of a provider',
    plant: (install) => (meshOf(install).extensionProviders[0].envoyExtAuthzGrpc.failOpen = true),
  },
  {
    code: 'OST204',
    what: 'failOpen of a SecurityPolicy',
    plant: (install) => (objectOf(install, 'SecurityPolicy').spec.extAuth.failOpen = true),
  },
  {
    code: 'OST205',
    what: 'a route without the filter',
    plant(install) {
      const [host] = managerOf(install).route_config.virtual_hosts;
      host.routes[0].typed_per_filter_config = { 'envoy.filters.http.ext_authz': disabled };
    },
  },
  {
    code: 'OST205',
    what: 'a patch that disables the filter for a route',
    plant(install) {
      filterOf(install).spec.configPatches.push({
        applyTo: 'HTTP_ROUTE',
        match: { context: 'SIDECAR_INBOUND' },
        patch: {
          operation: 'MERGE',
          value: { typed_per_filter_config: { 'envoy.filters.http.ext_authz': disabled } },
        },
      });
    },
  },
  {
    code: 'OST205',
    what: 'a share of the requests alone',
    plant(install) {
      askingOf(install).filter_enabled = { runtime_key: 'a', default_value: { numerator: 50, denominator: 'HUNDRED' } };
    },
  },
  {
    code: 'OST206',
    what: 'a time-out as short as that of the store',
    plant: (install) => (askOf(filterOf(install)).grpc_service.timeout = '0.05s'),
  },
  {
    code: 'OST206',
    what: 'a store time-out longer than what Envoy waits',
    plant: (install) => ostiaryOf(install).spec.template.spec.containers[0].args.push('--store-timeout=2s'),
  },
  {
    code: 'OST207',
    what: 'a route with less time than the question',
    plant: (install) => (managerOf(install).route_config.virtual_hosts[0].routes[0].route.timeout = '0.2s'),
  },
  {
    code: 'OST207',
    what: 'an HTTPRoute with less time than the question',
    plant: (install) => (objectOf(install, 'HTTPRoute').spec.rules[0].timeouts.request = '100ms'),
  },
  {
    code: 'OST208',
    what: 'a provider of another name',
    plant: (install) => (meshOf(install).extensionProviders[0].name = 'other'),
  },
  {
    code: 'OST209',
    what: 'a provider at a Service that does not exist',
    plant(install) {
      meshOf(install).extensionProviders[0].envoyExtAuthzGrpc.service = 'ostiary.mesh.svc.cluster.local';
    },
  },
  {
    code: 'OST209',
    what: 'a provider at a port that the Service does not have',
    plant: (install) => (meshOf(install).extensionProviders[0].envoyExtAuthzGrpc.port = 9190 + 5),
  },
  {
    code: 'OST209',
    what: 'a cluster that Envoy does not have',
    plant: (install) => (askingOf(install).grpc_service.envoy_grpc.cluster_name = 'ostiar'),
  },
  {
    code: 'OST209',
    what: 'a cluster that no patch adds',
    plant: (install) => (patchOf(filterOf(install), 'CLUSTER').patch.value.name = 'other'),
  },
  {
    code: 'OST210',
    what: 'two filters that ask the same',
    plant: (install) => managerOf(install).http_filters.unshift(structuredClone(managerOf(install).http_filters[0])),
  },
  {
    code: 'OST210',
    what: 'a policy beside an EnvoyFilter',
    plant: (install) =>
      void install.objects.push(...generate('extension-provider --namespace shop --selector app=orders').documents),
  },
  {
    code: 'OST211',
    what: 'a filter that asks over HTTP',
    plant(install) {
      const config = askingOf(install);
      delete config.grpc_service;
      config.http_service = { server_uri: { uri: 'http://ostiary', cluster: 'ostiary', timeout: '1s' } };
      managerOf(install).access_log.pop();
    },
  },
  {
    code: 'OST212',
    what: 'a logger with a small buffer',
    plant: (install) => delete managerOf(install).access_log[1].typed_config.common_config.buffer_size_bytes,
  },
];

const sidecars: readonly Planted[] = [
  {
    code: 'OST301',
    what: 'a pod that keeps Envoy out',
    plant: (install) => (ordersOf(install).metadata.labels['sidecar.istio.io/inject'] = 'false'),
  },
  {
    code: 'OST301',
    what: "a pod in the node's network",
    plant: (install) => (ordersOf(install).spec.hostNetwork = true),
  },
  {
    code: 'OST301',
    what: 'a namespace without injection',
    plant: (install) => (objectOf(install, 'Namespace', 'shop').metadata.labels = {}),
  },
  {
    code: 'OST301',
    what: 'a running pod without Envoy',
    isInCluster: true,
    plant: (install) => install.pods[0].spec.initContainers.shift(),
  },
  {
    code: 'OST302',
    what: 'a pod that asks for no ostiary',
    plant: (install) => (ordersOf(install).metadata.annotations = {}),
  },
  {
    code: 'OST302',
    what: 'a running pod without ostiary',
    isInCluster: true,
    plant: (install) => install.pods[0].spec.initContainers.pop(),
  },
  {
    code: 'OST303',
    what: 'a port that bypasses Envoy',
    plant: (install) =>
      (ordersOf(install).metadata.annotations['traffic.sidecar.istio.io/excludeInboundPorts'] = '8080'),
  },
  {
    code: 'OST303',
    what: 'a list of ports that leaves one out',
    plant: (install) =>
      (ordersOf(install).metadata.annotations['traffic.sidecar.istio.io/includeInboundPorts'] = '9999'),
  },
  {
    code: 'OST304',
    what: 'a caBundle that is none',
    plant: (install) => (hookOf(install).clientConfig.caBundle = 'bm9uZQ=='),
  },
  {
    code: 'OST304',
    what: 'a webhook without a caBundle',
    isInCluster: true,
    plant: (install) => delete hookOf(install).clientConfig.caBundle,
  },
  {
    code: 'OST304',
    what: 'a caBundle of another authority',
    plant: (install) =>
      (hookOf(install).clientConfig.caBundle = objectOf(install, 'Secret', 'ostiary-tls').data['ca.crt']),
  },
  { code: 'OST305', what: 'a webhook that fails open', plant: (install) => (hookOf(install).failurePolicy = 'Ignore') },
  {
    code: 'OST306',
    what: 'a webhook for all namespaces',
    plant: (install) => delete hookOf(install).namespaceSelector,
  },
  {
    code: 'OST307',
    what: 'a webhook without its Service',
    plant: (install) => (hookOf(install).clientConfig.service.name = 'gone'),
  },
  {
    code: 'OST308',
    what: 'two replicas that count for themselves',
    plant: (install) => void (install.documents[0] = limited()),
  },
  {
    code: 'OST309',
    what: 'an ostiary that is not ready',
    plant: (install) => (install.services = install.services.map((each) => ({ ...each, notReady: 'no documents' }))),
  },
  {
    code: 'OST309',
    what: 'a container that is not ready',
    isInCluster: true,
    plant: (install) => (install.pods[0].status.initContainerStatuses[0].ready = false),
  },
];

function limited() {
  const rateLimits = [{ maximumRequests: 10, timePeriodInMilliseconds: 60_000 }];
  return api('orders', {
    policies: [
      { policyRef: { name: 'client-id-enforcement' } },
      { policyRef: { name: 'rate-limiting' }, config: { rateLimits } },
    ],
  });
}

const others: readonly Planted[] = [
  {
    code: 'OST401',
    what: 'eviction',
    plant: (install) => setRedis(install, 'config', 'maxmemory-policy', 'allkeys-lru'),
  },
  { code: 'OST402', what: 'no persistence', plant: (install) => setRedis(install, 'config', 'appendonly', 'no') },
  { code: 'OST403', what: 'full memory', plant: (install) => setRedis(install, 'info', 'used_memory', '950') },
  { code: 'OST404', what: 'a replica', plant: (install) => setRedis(install, 'info', 'role', 'slave') },
  {
    code: 'OST405',
    what: 'a password in a manifest',
    plant: (install) =>
      ostiaryOf(install).spec.template.spec.containers[0].args.push('--redis=redis://a:secret@redis:6379'),
  },
  {
    code: 'OST501',
    what: 'a clock of Redis that is ahead',
    plant: (install) => (install.redis = install.redis.map((each) => ({ ...each, clockOffsetMs: 60_000 }))),
  },
  {
    code: 'OST501',
    what: 'a clock of ostiary that is behind',
    plant: (install) => (install.services = install.services.map((each) => ({ ...each, clockOffsetMs: -60_000 }))),
  },
  {
    code: 'OST502',
    what: 'a certificate that has expired',
    plant: (install) =>
      (install.certificates = install.certificates.map((each) => ({ ...each, notAfter: Date.now() - 1 }))),
  },
  {
    code: 'OST503',
    what: 'a certificate that expires in a week',
    plant(install) {
      const notAfter = Date.now() + 7 * 86_400_000;
      install.certificates = install.certificates.map((each) => ({ ...each, notBefore: Date.now() - 1e11, notAfter }));
    },
  },
  {
    code: 'OST504',
    what: 'a certificate for another Service',
    plant(install) {
      const from = objectOf(install, 'Secret', 'ostiary-webhook').data;
      objectOf(install, 'Secret', 'ostiary-tls').data = { ...from };
    },
  },
  {
    code: 'OST505',
    what: 'a certificate of another authority',
    plant(install) {
      const other = objectOf(install, 'Secret', 'ostiary-webhook').data['ca.crt'];
      objectOf(install, 'Secret', 'ostiary-tls').data['ca.crt'] = other;
    },
  },
  {
    code: 'OST506',
    what: 'a key of another certificate',
    plant(install) {
      const other = objectOf(install, 'Secret', 'ostiary-webhook').data['tls.key'];
      objectOf(install, 'Secret', 'ostiary-tls').data['tls.key'] = other;
    },
  },
  {
    code: 'OST601',
    what: 'a document with a fault',
    plant: (install) => void install.documents.push(api('broken', { polices: [] })),
  },
  {
    code: 'OST602',
    what: 'a filter that names an API which no document has',
    plant(install) {
      const [host] = managerOf(install).route_config.virtual_hosts;
      const [config] = Object.values(host.typed_per_filter_config) as [Changeable];
      config.check_settings.context_extensions['ostiary.api'] = 'order';
    },
  },
  { code: 'OST603', what: 'an API without a policy', plant: (install) => void install.documents.push(api('open')) },
  {
    code: 'OST604',
    what: 'an API whose policies authenticate nobody',
    plant(install) {
      const policies = [{ policyRef: { name: 'ip-allowlist' }, config: { ips: ['10.0.0.0/8'] } }];
      install.documents.push(api('inside', { policies }));
    },
  },
  {
    code: 'OST605',
    what: 'an API in shadow mode',
    plant(install) {
      const policies = [{ policyRef: { name: 'client-id-enforcement' }, mode: 'shadow' }];
      install.documents.push(api('tried', { policies }));
    },
  },
  {
    code: 'OST701',
    what: 'unmatched requests that are allowed',
    plant: (install) => ostiaryOf(install).spec.template.spec.containers[0].args.push('--unmatched=allow'),
  },
  {
    code: 'OST702',
    what: 'requests that no API matched',
    plant: (install) => count(install, 'ostiary_checks_total', { api: '', reason: 'api_unknown' }, 3),
  },
  {
    code: 'OST703',
    what: 'requests without a decision',
    plant: (install) =>
      count(install, 'ostiary_unchecked_requests_total', { service: 'orders', destination: '10.0.0.1:80' }, 5),
  },
  {
    code: 'OST704',
    what: 'a stale sidecar',
    plant: (install) =>
      (install.sidecars = install.sidecars.map((each) => ({ ...each, stale: 'does not follow now' }))),
  },
  {
    code: 'OST704',
    what: 'a sidecar without its control plane',
    plant: (install) => count(install, 'ostiary_control_connected', {}, 0),
  },
  {
    code: 'OST705',
    what: 'a binding that is not programmed',
    plant: (install) => (objectOf(install, 'ApiBinding').status.conditions[2].status = 'False'),
  },
  {
    code: 'OST705',
    what: 'a status that tells of an older binding',
    plant: (install) => (objectOf(install, 'ApiBinding').metadata.generation = 4),
  },
];

export const planted: readonly Planted[] = [...ports1, ...attachment, ...sidecars, ...others];
