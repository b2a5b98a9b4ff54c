import { generate } from '../generate/generated.ts';
import {
  objectOf,
  filterOf,
  gateFilterOf,
  patchOf,
  askOf,
  ostiaryOf,
  managerOf,
  askingOf,
  meshOf,
  DISABLED,
} from './planting.ts';
import type { Planted } from './planting.ts';

export const attachmentFaults: readonly Planted[] = [
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
      host.routes[0].typed_per_filter_config = { 'envoy.filters.http.ext_authz': DISABLED };
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
          value: { typed_per_filter_config: { 'envoy.filters.http.ext_authz': DISABLED } },
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
