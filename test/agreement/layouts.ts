import { bootstrap } from '../../src/generate/bootstrap.ts';
import type { ListenerOptions } from '../../src/generate/bootstrap.ts';
import type { Endpoint } from '../../src/generate/ext-authz.ts';
import { api, client, contract } from '../e2e/documents.ts';
import type { Document } from '../e2e/documents.ts';
import { DECIDED_HEADER } from './upstreams.ts';

/** Every API has an upstream of its own name, and Envoy a route that leads there. */
export const UPSTREAM_NAMES = ['public', 'wild', 'ported', 'orders', 'deep', 'spaced', 'gitlab', 'private'] as const;

const CLIENTS = { policyRef: { name: 'client-id-enforcement' } };

/** `private` and `deep` are for clients alone, `admin` below `orders` and `gitlab` too, `wild` where a header says so. */
export function documents(hostPort: 'exact' | 'ignore'): readonly Document[] {
  const apis = [
    api('public', { basePath: '/', hosts: ['public.example.com'] }),
    api('wild', {
      basePath: '/',
      hosts: ['*.wild.example.com'],
      // Named as one that a proxy before Envoy sets: callers who get here past it must not be read in two ways either.
      policies: [{ ...CLIENTS, rules: [{ headers: { 'x-env': 'prod' } }], trustedHeaders: ['x-env'] }],
    }),
    ...(hostPort === 'exact' ? [api('ported', { basePath: '/', hosts: ['ported.example.com:8080'] })] : []),
    api('orders', { policies: [{ ...CLIENTS, rules: [{ path: '/admin(/.*)?' }] }] }),
    api('deep', { basePath: '/orders/v2', policies: [CLIENTS] }),
    api('spaced', { basePath: '/my café' }),
    api('gitlab', {
      basePath: '/projects',
      encodedSlashes: 'keep',
      policies: [{ ...CLIENTS, rules: [{ path: '/admin(/.*)?' }] }],
    }),
    api('private', { basePath: '/', policies: [CLIENTS] }),
  ];
  const names = apis.map(({ metadata }) => metadata.name);
  return [...apis, client('gold'), ...names.map((name) => contract('gold', name))];
}

export interface Layout {
  readonly name: string;
  /** How ostiary compares hosts there. */
  readonly hostPort: 'exact' | 'ignore';
  /** Whether routes name their APIs. */
  readonly isNamed: boolean;
  /** On the connection manager, over what `generate bootstrap` prints. */
  readonly manager: object;
  readonly routeConfig: object;
  /** How routes match: on whole segments, or by plain prefixes that are rewritten. */
  readonly match: 'segments' | 'rewritten prefixes';
}

const STRIPS_NOTHING = { strip_any_host_port: false, strip_trailing_host_dot: false };
const USUAL = { hostPort: 'exact', isNamed: false, manager: {}, routeConfig: {}, match: 'segments' } as const;

export const LAYOUTS: readonly Layout[] = [
  { ...USUAL, name: 'generated' },
  { ...USUAL, name: 'unstripped', manager: STRIPS_NOTHING },
  {
    ...USUAL,
    name: 'istio',
    hostPort: 'ignore',
    manager: { ...STRIPS_NOTHING, use_remote_address: false, path_with_escaped_slashes_action: 'UNESCAPE_AND_FORWARD' },
    routeConfig: { ignore_port_in_host_matching: true },
  },
  { ...USUAL, name: 'parameters-ignored', routeConfig: { ignore_path_parameters_in_path_matching: true } },
  { ...USUAL, name: 'encoded-slashes', manager: { path_with_escaped_slashes_action: 'KEEP_UNCHANGED' } },
  { ...USUAL, name: 'named', isNamed: true },
  { ...USUAL, name: 'named-prefixes', isNamed: true, match: 'rewritten prefixes' },
  {
    ...USUAL,
    name: 'verbatim',
    manager: {
      ...STRIPS_NOTHING,
      normalize_path: false,
      merge_slashes: false,
      path_with_escaped_slashes_action: 'KEEP_UNCHANGED',
    },
  },
];

/** The listener of a layout, with raw headers or without. */
export function listenerName({ name }: Layout, rawHeaders: boolean): string {
  return rawHeaders ? `${name}-raw` : name;
}

/** One Envoy with every layout, of what `generate bootstrap` prints. */
export function agreementBootstrap(
  ostiary: Readonly<Record<Layout['hostPort'], Endpoint>>,
  portOf: (upstream: string) => number,
): object {
  const made = { exact: generated(ostiary.exact, 'exact'), ignore: generated(ostiary.ignore, 'ignore') };
  const [own, others] = [made.exact.static_resources, made.ignore.static_resources];
  const ignoring = { ...(others.clusters[0] as object), name: 'ostiary-ignoring' };
  const listeners = [...own.listeners, ...others.listeners].map((each) => {
    const listener = each as {
      name: string;
      filter_chains: [{ filters: [{ typed_config: Record<string, unknown> }] }];
    };
    const layout = LAYOUTS.find((one) => [listenerName(one, false), listenerName(one, true)].includes(listener.name));
    if (layout === undefined) throw new Error(`no layout is ${listener.name}`);
    const manager = listener.filter_chains[0].filters[0].typed_config;
    Object.assign(manager, layout.manager, { access_log: [], route_config: routesOf(layout) });
    return layout.hostPort === 'ignore' ? renamedCluster(listener) : listener;
  });
  const upstreams = UPSTREAM_NAMES.map((name) => upstreamCluster(name, portOf(name)));
  return { static_resources: { listeners, clusters: [own.clusters[0], ignoring, ...upstreams] } };
}

interface Generated {
  readonly static_resources: { readonly listeners: readonly object[]; readonly clusters: readonly object[] };
}

function generated(ostiary: Endpoint, hostPort: Layout['hostPort']): Generated {
  const listeners = LAYOUTS.filter((layout) => layout.hostPort === hostPort).flatMap((layout) =>
    [false, true].map((rawHeaders): ListenerOptions => {
      const name = listenerName(layout, rawHeaders);
      return { name, host: '127.0.0.1', port: 0, rawHeaders, normalizePath: true, api: undefined };
    }),
  );
  // Time enough on a busy machine: what is asked here is which way, not how fast.
  const options = { ostiary, timeoutMs: 10_000, listeners, upstream: { host: '127.0.0.1', port: 1 } };
  return JSON.parse(JSON.stringify(bootstrap(options))) as Generated;
}

function renamedCluster(listener: object): object {
  const text = JSON.stringify(listener).replace('"cluster_name":"ostiary"', '"cluster_name":"ostiary-ignoring"');
  return JSON.parse(text) as object;
}

function routesOf(layout: Layout): object {
  const route = (match: object, upstream: string, action: object = {}): object => ({
    match,
    route: { cluster: `upstream-${upstream}`, ...action },
    ...(layout.isNamed ? { typed_per_filter_config: namedApi(upstream) } : {}),
  });
  const below = (prefix: string, upstream: string): object =>
    layout.match === 'segments'
      ? route({ path_separated_prefix: prefix }, upstream)
      : route({ prefix }, upstream, { prefix_rewrite: '/' });
  const host = (name: string, domain: string): object => ({
    name,
    domains: [domain],
    routes: [route({ prefix: '/' }, name)],
  });
  return {
    ...layout.routeConfig,
    request_headers_to_add: [
      {
        header: { key: DECIDED_HEADER, value: '%DYNAMIC_METADATA(envoy.filters.http.ext_authz:api)%' },
        append_action: 'OVERWRITE_IF_EXISTS_OR_ADD',
      },
    ],
    virtual_hosts: [
      host('public', 'public.example.com'),
      host('wild', '*.wild.example.com'),
      ...(layout.hostPort === 'exact' ? [host('ported', 'ported.example.com:8080')] : []),
      {
        name: 'any',
        domains: ['*'],
        routes: [
          below('/orders/v2', 'deep'),
          below('/orders', 'orders'),
          below('/my%20caf%C3%A9', 'spaced'),
          below('/projects', 'gitlab'),
          route({ prefix: '/' }, 'private'),
        ],
      },
    ],
  };
}

function namedApi(name: string): object {
  return {
    'envoy.filters.http.ext_authz': {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute',
      check_settings: { context_extensions: { 'ostiary.api': name } },
    },
  };
}

function upstreamCluster(name: string, port: number): object {
  const address = { socket_address: { address: '127.0.0.1', port_value: port } };
  return {
    name: `upstream-${name}`,
    type: 'STATIC',
    connect_timeout: '5s',
    load_assignment: {
      cluster_name: `upstream-${name}`,
      endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }],
    },
  };
}
