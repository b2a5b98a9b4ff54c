import { describe, expect, test } from 'vitest';
import { FLEX, INLINE, importing } from './run-import.ts';

const BY_RESOURCE = `---
${FLEX}
kind: ApiInstance
metadata:
  name: ingress
  namespace: shop
spec:
  address: http://0.0.0.0:8080/api/
---
${FLEX}
kind: Service
metadata: { name: depots, namespace: shop }
spec: { address: 'https://depots.example:443/' }
---
${FLEX}
kind: PolicyBinding
metadata: { name: ingress-route, namespace: shop }
spec:
  targetRef: { name: ingress }
  policyRef: { name: route, namespace: default }
  config: { destinationRef: { name: depots, namespace: shop } }
  rules: [{ path: /depots(/.*) }]
---
${FLEX}
kind: PolicyBinding
metadata: { name: ingress-auth, namespace: shop }
spec:
  targetRef: { kind: ApiInstance, name: ingress, namespace: shop }
  policyRef: { kind: Extension, name: http-basic-authentication-flex, namespace: default }
  order: 2
  config: { username: courier, password: $COURIER_PASSWORD }
  rules:
    - path: /depots(/.*)
      methods: GET|POST
      host: depots[.]example
    - methods: DELETE
---
${FLEX}
kind: PolicyBinding
metadata: { name: ingress-limit, namespace: shop }
spec:
  targetRef: { name: ingress }
  policyRef: { name: rate-limiting-flex }
  config: { rateLimits: [{ maximumRequests: 9, timePeriodInMilliseconds: 1000 }] }
  rules: [{ headers: { x-team: vans.* } }]
`;

const AUTOMATED = `---
${FLEX}
kind: ApiInstance
metadata: { name: parcels, labels: { secured: yes } }
spec: { address: 'http://0.0.0.0:8080/parcels' }
---
${FLEX}
kind: ApiInstance
metadata: { name: people, labels: { secured: yes, tier: 2 } }
spec: { address: 'http://0.0.0.0:8081/people' }
---
${FLEX}
kind: PolicyBinding
metadata: { name: protection }
spec:
  targetRef:
    kind: Selector
    selector: { kind: ApiInstance, labels: { secured: yes } }
  policyRef: { name: http-basic-authentication-flex }
  config: { username: courier, password: $COURIER_PASSWORD }
  rules: [{ methods: GET }]
`;

describe('the resources of the documentation', () => {
  test('inline policies become those of the Api', async () => {
    const { code, stderr, documents, validated } = await importing(INLINE);
    expect({ code, validated: validated?.code }).toEqual({ code: 0, validated: 0 });
    expect(stderr).toMatch(/^note: flex.yaml:7:3: spec.services: services and routes are Envoy's/);
    expect(documents).toEqual([
      {
        apiVersion: 'ostiary.dev/v1alpha1',
        kind: 'Api',
        metadata: { name: 'depots' },
        spec: {
          basePath: '/',
          policies: [
            {
              policyRef: { name: 'http-basic-authentication' },
              config: { username: 'courier', password: '$COURIER_PASSWORD' },
            },
          ],
        },
      },
    ]);
  });

  test('bindings keep order, rules and namespace; routes and services are left to Envoy', async () => {
    const { code, stderr, documents, validated } = await importing(BY_RESOURCE);
    expect({ code, validated: validated?.code }).toEqual({ code: 0, validated: 0 });
    expect(stderr).toContain('note: flex.yaml:11:1: kind: a Service is not imported');
    expect(stderr).toContain("spec.policyRef.name: route is not imported: use Envoy's routes");
    expect(documents.map(({ kind, metadata }) => [kind, metadata])).toEqual([
      ['Api', { name: 'ingress', namespace: 'shop' }],
      ['PolicyBinding', { name: 'ingress-auth', namespace: 'shop' }],
      ['PolicyBinding', { name: 'ingress-limit', namespace: 'shop' }],
    ]);
    expect(documents[0]?.spec).toEqual({ basePath: '/api' });
    expect(documents[1]?.spec).toEqual({
      targetRef: { kind: 'Api', name: 'ingress' },
      policyRef: { name: 'http-basic-authentication' },
      order: 2,
      rules: [{ path: '/depots(/.*)', methods: 'GET|POST', host: 'depots[.]example' }, { methods: 'DELETE' }],
      config: { username: 'courier', password: '$COURIER_PASSWORD' },
    });
    expect(documents[2]?.spec['rules']).toEqual([{ headers: { 'x-team': 'vans.*' } }]);
  });

  test('an automated policy selects by the labels of APIs', async () => {
    const { code, documents, validated } = await importing(AUTOMATED);
    expect({ code, validated: validated?.code }).toEqual({ code: 0, validated: 0 });
    expect(documents[1]?.metadata).toEqual({ name: 'people', labels: { secured: 'yes', tier: '2' } });
    expect(documents[2]?.spec).toMatchObject({
      targetRef: { kind: 'Selector', selector: { kind: 'Api', labels: { secured: 'yes' } } },
      rules: [{ methods: 'GET' }],
    });
  });

  test('a Configuration and an Extension make no document, and it is said where each setting has gone', async () => {
    const text = `${FLEX}
kind: Configuration
metadata: { name: storage }
spec:
  sharedStorage: { redis: { address: 'redis:6379', username: u, password: p, DB: 1 } }
  logging: { outputs: [], runtimeLogs: { logLevel: info } }
---
apiVersion: gateway.mulesoft.com/v1beta1
kind: Configuration
metadata: { name: tracing }
spec: { tracing: { provider: { type: anypoint } }, timeouts: { streamIdleSeconds: 9 } }
---
${FLEX}
kind: Extension
metadata: { name: stamp-letters }
spec: { extends: [] }
`;
    const { code, stdout, stderr } = await importing(text);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    for (const said of [
      'flex.yaml:5:3: spec.sharedStorage: is not imported: give this file to ostiary serve --redis-config',
      'flex.yaml:6:3: spec.logging: is not imported',
      'flex.yaml:11:9: spec.tracing: is not imported',
      'spec.timeouts: is not imported',
      'flex.yaml:14:1: kind: an Extension is not imported',
    ])
      expect(stderr).toContain(`note: ${said.startsWith('flex') ? said : ''}`);
  });
});

describe('a rule without conditions', () => {
  test('makes the policy apply always, as it did', async () => {
    const text = INLINE.replace(
      '      config:\n        username',
      '      rules: [{ path: /a }, {}]\n      config:\n        username',
    );
    const { code, documents } = await importing(text);
    expect(code).toBe(0);
    expect(documents[0]?.spec.policies?.[0]).not.toHaveProperty('rules');
  });
});
