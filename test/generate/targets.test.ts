import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { envoyFilter } from '../../src/generate/envoy-filter.ts';
import type { EnvoyFilterOptions, Placement } from '../../src/generate/envoy-filter.ts';
import { explainedYaml } from '../../src/generate/explained-yaml.ts';
import { customPolicy, meshConfig, meshTlsRule } from '../../src/generate/extension-provider.ts';
import { flexPolicyBinding } from '../../src/generate/flex.ts';
import { securityPolicy } from '../../src/generate/security-policy.ts';
import { tcpGuard } from '../../src/generate/tcp-guard.ts';

const sidecars = (labels = {}): Placement => ({ kind: 'sidecar', whose: { by: 'labels', labels } });
const GATEWAYS: Placement = { kind: 'gateway', whose: { by: 'labels', labels: {} } };

function filterAt(placement: Placement, more: Partial<EnvoyFilterOptions> = {}): object {
  return envoyFilter({
    name: 'ostiary',
    namespace: 'shop',
    ostiary: { kind: 'tcp', host: 'ostiary-headless.ostiary.svc.cluster.local', port: 9191 },
    tls: undefined,
    placement,
    timeoutMs: 250,
    rawHeaders: false,
    apis: [],
    routesOnly: false,
    ...more,
  });
}

describe('an EnvoyFilter', () => {
  test('of a sidecar selects pods, and puts the filter right before the router, after other EnvoyFilters', () => {
    expect(filterAt(sidecars({ app: 'orders' }))).toMatchObject({
      spec: {
        workloadSelector: { labels: { app: 'orders' } },
        priority: 100,
        configPatches: [
          { applyTo: 'CLUSTER', match: { context: 'SIDECAR_INBOUND' }, patch: { operation: 'ADD' } },
          {
            applyTo: 'HTTP_FILTER',
            match: {
              context: 'SIDECAR_INBOUND',
              listener: { filterChain: { filter: { subFilter: { name: 'envoy.filters.http.router' } } } },
            },
            patch: { operation: 'INSERT_BEFORE', value: { typed_config: { failure_mode_allow: false } } },
          },
        ],
      },
    });
  });

  test('without labels is for the whole namespace', () => {
    expect(filterAt(GATEWAYS)).not.toHaveProperty('spec.workloadSelector');
  });

  test("of a Gateway API's Gateway targets it: its pods have no labels that anybody chose", () => {
    const target = { kind: 'Gateway', name: 'eg' } as const;
    const filter = filterAt({ kind: 'gateway', whose: { by: 'target', target } });
    expect(filter).toMatchObject({
      spec: { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'eg' }] },
    });
    expect(filter).not.toHaveProperty('spec.workloadSelector');
  });

  test.each([
    [sidecars(), 'VIRTUAL_HOST', { routeConfiguration: { vhost: { name: 'inbound|http|8080' } } }],
    [GATEWAYS, 'HTTP_ROUTE', { routeConfiguration: { vhost: { route: { name: '8080' } } } }],
  ] as const)('tells the API of a route, and which routes should have a name: %o', (placement, applyTo, match) => {
    const filter = filterAt(placement, { apis: [{ api: 'orders', route: '8080' }] });
    expect(filter).toMatchObject({
      spec: {
        configPatches: [
          {},
          {},
          { applyTo: 'ROUTE_CONFIGURATION', patch: { operation: 'MERGE' } },
          { applyTo, match, patch: { operation: 'MERGE' } },
        ],
      },
    });
    const text = JSON.stringify(filter);
    expect(text).toContain('"context_extensions":{"ostiary.routes":"8080"}');
    expect(text).toContain('"context_extensions":{"ostiary.api":"orders","ostiary.route":"8080"}');
  });

  test('lets an entry of one route win over the general one, in whatever order they are written', () => {
    const apis = [
      { api: 'orders', route: '8080' },
      { api: 'any', route: undefined },
    ];
    const filter = filterAt(sidecars(), { apis });
    expect(filter).toEqual(filterAt(sidecars(), { apis: apis.toReversed() }));
    expect(JSON.stringify(filter)).toContain('{"ostiary.api":"any","ostiary.routes":"8080"}');
  });

  test('of routes alone asks nobody', () => {
    const filter = JSON.stringify(filterAt(GATEWAYS, { routesOnly: true, apis: [{ api: 'a', route: 'r' }] }));
    expect(filter).not.toMatch(/CLUSTER|HTTP_FILTER/);
    expect(filter).toContain('"applyTo":"HTTP_ROUTE"');
  });

  test('with a Unix socket has neither DNS nor health checks', () => {
    const filter = JSON.stringify(
      filterAt(sidecars(), { ostiary: { kind: 'unix', path: '/run/ostiary/ostiary.sock' } }),
    );
    expect(filter).toContain('"pipe":{"path":"/run/ostiary/ostiary.sock"}');
    expect(filter).toContain('"type":"STATIC"');
    expect(filter).not.toContain('health_checks');
  });

  test('asks for nothing that ostiary does not read', () => {
    expect(JSON.stringify(filterAt(sidecars()))).not.toContain('metadata_context_namespaces');
  });
});

test('what comes to sidecars as plain TCP is denied, other ALLOW policies are not widened', () => {
  const guard = tcpGuard({ name: 'ostiary', namespace: 'shop', labels: { app: 'orders' }, openTcpPorts: [5432] });
  expect(guard).toMatchObject({
    kind: 'AuthorizationPolicy',
    metadata: { name: 'ostiary-tcp', namespace: 'shop' },
    spec: {
      selector: { matchLabels: { app: 'orders' } },
      action: 'DENY',
      rules: [{ to: [{ operation: { notMethods: ['*'], notPorts: ['5432'] } }] }],
    },
  });
});

test('an extension provider fails closed and has a time-out', () => {
  const service = 'ostiary.ostiary.svc.cluster.local';
  expect(meshConfig({ provider: 'ostiary', service, port: 9191, timeoutMs: 250 })).toEqual({
    meshConfig: {
      extensionProviders: [
        {
          name: 'ostiary',
          envoyExtAuthzGrpc: { service, port: 9191, timeout: '0.25s', failOpen: false, statusOnError: '503' },
        },
      ],
    },
  });
  expect(meshTlsRule({ service, identity: 'spiffe://a/b' })).toMatchObject({
    metadata: { name: 'ostiary', namespace: 'ostiary' },
    spec: { host: service, trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL', subjectAltNames: ['spiffe://a/b'] } } },
  });
});

describe('the policy of an extension provider', () => {
  const options = { name: 'ostiary', namespace: 'shop', provider: 'ostiary' };

  test.each([
    ['Gateway', 'gateway.networking.k8s.io'],
    ['Service', ''],
    ['ServiceEntry', 'networking.istio.io'],
    ['GatewayClass', 'gateway.networking.k8s.io'],
  ] as const)('is for every request of a %s', (kind, group) => {
    const policy = customPolicy({ ...options, whose: { by: 'target', target: { kind, name: 'orders' } } });
    const targetRefs = [{ group, kind, name: 'orders' }];
    expect(policy).toMatchObject({ spec: { targetRefs, action: 'CUSTOM', rules: [{}] } });
    expect(policy).not.toHaveProperty('spec.selector');
  });

  test('or of pods', () => {
    const policy = customPolicy({ ...options, whose: { by: 'labels', labels: { app: 'orders' } } });
    expect(policy).toMatchObject({ spec: { selector: { matchLabels: { app: 'orders' } } } });
  });
});

test('a SecurityPolicy brings the grant that another namespace asks for', () => {
  const options = {
    name: 'ostiary',
    namespace: 'shop',
    target: { kind: 'HTTPRoute', name: 'orders' },
    service: { name: 'ostiary', namespace: 'ostiary', port: 9191 },
    timeoutMs: 250,
    api: 'orders',
    accessLog: false,
  } as const;
  const [policy, grant] = securityPolicy(options);
  expect(policy).toMatchObject({
    spec: {
      extAuth: { failOpen: false, statusOnError: 503, timeout: '250ms', contextExtensions: [{ value: 'orders' }] },
    },
  });
  expect(grant).toMatchObject({ kind: 'ReferenceGrant', metadata: { namespace: 'ostiary' } });
  expect(securityPolicy({ ...options, namespace: 'ostiary' })).toHaveLength(1);
  const [, proxy, both] = securityPolicy({ ...options, accessLog: true });
  expect(proxy).toMatchObject({ kind: 'EnvoyProxy', metadata: { name: 'ostiary', namespace: 'shop' } });
  expect(both).toMatchObject({ spec: { from: [{ kind: 'SecurityPolicy' }, { kind: 'EnvoyProxy' }] } });
});

test("Flex/Omni Gateway's binding names its own policy", () => {
  const options = { name: 'ostiary', apiInstance: 'orders', host: 'ostiary', port: 9191, timeoutMs: 250 };
  expect(flexPolicyBinding(options)).toMatchObject({
    spec: { policyRef: { name: 'native-ext-authz-flex' }, config: { uri: 'h2://ostiary:9191', requestTimeout: 250 } },
  });
});

describe('explained YAML', () => {
  test('holds the same as the objects, and says why once', () => {
    const documents = [filterAt(sidecars()), filterAt(GATEWAYS)];
    const text = explainedYaml(documents, 'First line.\nSecond line.');
    expect(text).toMatch(/^# First line\.\n# Second line\.\napiVersion/);
    expect(parseAllDocuments(text).map((each) => each.toJS() as unknown)).toEqual(documents);
    expect(text.match(/lets nobody in/g)).toHaveLength(1);
    expect(text).toMatch(/# Set in every case:[^\n]*\n +timeout: 0\.25s/);
  });
});
