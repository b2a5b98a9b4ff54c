import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { envoyFilter, type EnvoyFilterOptions, type Placement } from '../../src/generate/envoy-filter.ts';
import { explainedYaml } from '../../src/generate/explained-yaml.ts';
import { extensionProvider } from '../../src/generate/extension-provider.ts';
import { flexPolicyBinding } from '../../src/generate/flex.ts';
import { securityPolicy } from '../../src/generate/security-policy.ts';

function filterAt(placement: Placement, more: Partial<EnvoyFilterOptions> = {}): object {
  return envoyFilter({
    name: 'ostiary',
    namespace: 'shop',
    ostiary: { kind: 'tcp', host: 'ostiary-headless.ostiary.svc.cluster.local', port: 9191 },
    placement,
    timeoutMs: 250,
    rawHeaders: false,
    metadataNamespaces: ['istio_authn'],
    apis: [],
    ...more,
  });
}

describe('an EnvoyFilter', () => {
  test('of a sidecar selects pods, and puts the filter right before the router', () => {
    expect(filterAt({ kind: 'sidecar', labels: { app: 'orders' } })).toMatchObject({
      spec: {
        workloadSelector: { labels: { app: 'orders' } },
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
    expect(filterAt({ kind: 'gateway', labels: {} })).not.toHaveProperty('spec.workloadSelector');
  });

  test('of a waypoint targets its Gateway, since a waypoint heeds no selector', () => {
    const filter = filterAt({ kind: 'waypoint', gateway: 'waypoint' });
    expect(filter).toMatchObject({ spec: { targetRefs: [{ kind: 'Gateway', name: 'waypoint' }] } });
    expect(filter).not.toHaveProperty('spec.workloadSelector');
  });

  test.each([
    [{ kind: 'sidecar', labels: {} }, 'VIRTUAL_HOST', { routeConfiguration: { vhost: { name: 'inbound|http|8080' } } }],
    [{ kind: 'gateway', labels: {} }, 'HTTP_ROUTE', { routeConfiguration: { vhost: { route: { name: '8080' } } } }],
    [{ kind: 'waypoint', gateway: 'w' }, 'HTTP_ROUTE', { waypoint: { route: { name: '8080' } } }],
  ] as const)('tells the API of a route: %o', (placement, applyTo, match) => {
    const filter = filterAt(placement, { apis: [{ api: 'orders', route: '8080' }] });
    expect(filter).toMatchObject({
      spec: { configPatches: [{}, {}, { applyTo, match, patch: { operation: 'MERGE' } }] },
    });
    expect(JSON.stringify(filter)).toContain('"context_extensions":{"ostiary.api":"orders"}');
  });

  test('with a Unix socket has neither DNS nor health checks', () => {
    const filter = JSON.stringify(
      filterAt({ kind: 'sidecar', labels: {} }, { ostiary: { kind: 'unix', path: '/run/ostiary/ostiary.sock' } }),
    );
    expect(filter).toContain('"pipe":{"path":"/run/ostiary/ostiary.sock"}');
    expect(filter).toContain('"type":"STATIC"');
    expect(filter).not.toContain('health_checks');
  });
});

test('an extension provider fails closed and has a time-out, and its policy is for every request', () => {
  const [mesh, policy] = extensionProvider({
    name: 'ostiary',
    namespace: 'shop',
    service: 'ostiary.ostiary.svc.cluster.local',
    port: 9191,
    timeoutMs: 250,
    labels: {},
  });
  expect(mesh).toEqual({
    meshConfig: {
      extensionProviders: [
        {
          name: 'ostiary',
          envoyExtAuthzGrpc: {
            service: 'ostiary.ostiary.svc.cluster.local',
            port: 9191,
            timeout: '0.25s',
            failOpen: false,
            statusOnError: '503',
          },
        },
      ],
    },
  });
  expect(policy).toMatchObject({ spec: { action: 'CUSTOM', provider: { name: 'ostiary' }, rules: [{}] } });
});

test('a SecurityPolicy brings the grant that another namespace asks for', () => {
  const options = {
    name: 'ostiary',
    namespace: 'shop',
    target: { kind: 'HTTPRoute', name: 'orders' },
    service: { name: 'ostiary', namespace: 'ostiary', port: 9191 },
    timeoutMs: 250,
    api: 'orders',
  } as const;
  const [policy, grant] = securityPolicy(options);
  expect(policy).toMatchObject({
    spec: {
      extAuth: { failOpen: false, statusOnError: 503, timeout: '250ms', contextExtensions: [{ value: 'orders' }] },
    },
  });
  expect(grant).toMatchObject({ kind: 'ReferenceGrant', metadata: { namespace: 'ostiary' } });
  expect(securityPolicy({ ...options, namespace: 'ostiary' })).toHaveLength(1);
});

test("Flex Gateway's binding names its own policy", () => {
  const options = { name: 'ostiary', apiInstance: 'orders', host: 'ostiary', port: 9191, timeoutMs: 250 };
  expect(flexPolicyBinding(options)).toMatchObject({
    spec: { policyRef: { name: 'native-ext-authz-flex' }, config: { uri: 'h2://ostiary:9191', requestTimeout: 250 } },
  });
});

describe('explained YAML', () => {
  test('holds the same as the objects, and says why once', () => {
    const documents = [filterAt({ kind: 'sidecar', labels: {} }), filterAt({ kind: 'gateway', labels: {} })];
    const text = explainedYaml(documents, 'First line.\nSecond line.');
    expect(text).toMatch(/^# First line\.\n# Second line\.\napiVersion/);
    expect(parseAllDocuments(text).map((each) => each.toJS() as unknown)).toEqual(documents);
    expect(text.match(/lets nobody in/g)).toHaveLength(1);
    expect(text).toMatch(/# Set in every case:[^\n]*\n +timeout: 0\.25s/);
  });
});
