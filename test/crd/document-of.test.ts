import { describe, expect, it } from 'vitest';
import { isSecret, parseSecretHash } from '../../src/contract/secret.ts';
import { faultsOf, made, object } from './objects.ts';

describe('a document of an object', () => {
  it('is in the namespace of the cluster, and keeps labels and the annotations that people wrote', () => {
    const { document } = made(
      object(
        'Api',
        'orders',
        { basePath: '/orders', catalog: { displayName: 'Orders', asset: 'orders', lifecycle: 'published' } },
        {
          labels: { team: 'shop' },
          annotations: {
            'example.com/page': 'x',
            'kubectl.kubernetes.io/last-applied-configuration': '{}',
            'argocd.argoproj.io/tracking-id': 'x',
          },
          resourceVersion: '5',
        },
      ),
    );
    expect(document).toEqual({
      apiVersion: 'ostiary.dev/v1alpha1',
      kind: 'Api',
      metadata: {
        name: 'orders',
        namespace: 'east.shop',
        displayName: 'Orders',
        asset: 'orders',
        lifecycle: 'published',
        labels: { team: 'shop' },
        annotations: { 'example.com/page': 'x' },
      },
      spec: { basePath: '/orders' },
    });
    expect(made(object('Api', 'a', {}), { cluster: undefined }).document['metadata']).toMatchObject({
      namespace: 'shop',
    });
  });

  it('has what objects say in another form', () => {
    const limits = [{ maximumRequests: 1, calendar: 'day' }];
    const { document } = made(
      object('Api', 'orders', {
        public: { requests: [{ path: '/health' }] },
        tiers: [
          { name: 'gold', unlimited: true, proposedLimits: limits },
          { name: 'tin', limits, proposedUnlimited: true },
        ],
      }),
    );
    expect(document['spec']).toEqual({
      public: [{ path: '/health' }],
      tiers: [
        { name: 'gold', limits: 'unlimited', proposedLimits: limits },
        { name: 'tin', limits, proposedLimits: 'unlimited' },
      ],
    });
    expect(made(object('Api', 'a', { public: { all: true } })).document['spec']).toEqual({ public: true });
    const alert = object('Alert', 'a', { metric: 'burnRate', threshold: '14.4', window: '1h', objective: '99.9%' });
    expect(made(alert).document['spec']).toMatchObject({ threshold: 14.4 });
  });

  it('names faults by the fields of the object', () => {
    expect(faultsOf(object('Api', 'a', { catalog: { lifecycle: 'drft' }, public: { requests: [{}] } }))).toEqual([
      'Invalid spec.catalog.lifecycle: expected one of draft, published, deprecated, retired; did you mean "draft"?',
      'Invalid spec.public.requests[0]: without conditions it is every request: write true',
    ]);
  });

  it.each([
    ['Api', { public: true }, 'Invalid spec.public: expected a mapping: all: true, or requests'],
    ['Api', { public: { all: true, requests: [{ path: '/a' }] } }, expect.stringContaining('Invalid spec.public')],
    [
      'Api',
      { tiers: [{ name: 'a', limits: 'unlimited' }] },
      'Invalid spec.tiers[0].limits: expected a list; or unlimited: true in its place',
    ],
    [
      'Alert',
      { metric: 'denials', threshold: 1.5, window: '5m' },
      'Invalid spec.threshold: expected a number with a fraction in quotes',
    ],
    [
      'Alert',
      { metric: 'denials', threshold: 1, window: '5m', filter: { tier: 'a' } },
      'Invalid spec.filter.tier: expected a list',
    ],
    ['Api', { catalog: { name: 'x' } }, 'Invalid spec.catalog.name: stands in metadata of the object'],
    ['Api', { catalog: 'x' }, 'Invalid spec.catalog: expected a mapping'],
  ])('is not made of what the API server would not take: %s %j', (kind, spec, fault) => {
    expect(faultsOf(object(kind, 'a', spec))).toEqual([fault]);
  });

  it('refuses what is no document', () => {
    expect(faultsOf(object('ApiBinding', 'a', {}))).toHaveLength(1);
    expect(faultsOf({ kind: 'Api' })).toHaveLength(1);
  });
});

describe('secrets', () => {
  it('are hashed, the same each time, and are in no document', () => {
    const client = object('ClientApplication', 'web', {
      clientId: 'web',
      clientSecrets: [{ secretRef: { name: 'web', key: 'secret' } }, { salt: 'a', sha256: '0'.repeat(64) }],
      apiKeys: [{ id: 'k1', secretRef: { name: 'web', key: 'key' }, expires: '2030-01-01T00:00:00Z' }],
    });
    const { document, hashed } = made(client);
    expect(made(client).document).toEqual(document);
    expect(hashed).toEqual([
      { name: 'web', key: 'secret' },
      { name: 'web', key: 'key' },
    ]);
    expect(JSON.stringify(document)).not.toMatch(/hunter2|abc|secretRef/);
    const { clientSecrets, apiKeys } = document['spec'] as { clientSecrets: [never]; apiKeys: [never] };
    expect(isSecret(parseSecretHash(clientSecrets[0]), 'hunter2')).toBe(true);
    // What follows the dot.
    expect(isSecret(parseSecretHash(apiKeys[0]), 'abc')).toBe(true);
    expect(clientSecrets[0]['salt']).not.toBe(apiKeys[0]['salt']);
    const other = made({ ...client, metadata: { ...client.metadata, uid: 'u-2' } }).document;
    expect(other).not.toEqual(document);
  });

  it.each([
    [
      { clientSecret: { secretRef: { name: 'web', key: 'other' } } },
      'SecretNotFound spec.clientSecret.secretRef: there is no Secret web with the key other',
    ],
    [
      { clientSecret: { secretRef: { name: 'web', key: 'empty' } } },
      'SecretNotFound spec.clientSecret.secretRef: the key empty of the Secret web is empty',
    ],
    [
      { clientSecret: { value: 'hunter2' } },
      'Invalid spec.clientSecret.value: is not for objects: write the secret to a Secret, and secretRef here',
    ],
    [
      { clientSecrets: [{ file: 'a' }] },
      'Invalid spec.clientSecrets[0].file: is not for objects: write the secret to a Secret, and secretRef here',
    ],
    [
      { clientSecret: { secretRef: { name: '../other', key: 'a' } } },
      'Invalid spec.clientSecret.secretRef: expected name and key of a Secret of this namespace',
    ],
  ])('that can not be hashed are faults: %j', (spec, fault) => {
    expect(faultsOf(object('ClientApplication', 'web', { clientId: 'web', ...spec }))).toEqual([fault]);
  });

  it('of policies stay where they are, and are named', () => {
    const ldap = {
      policyRef: { name: 'ldap-authentication' },
      config: { ldapServerUserPassword: { secretRef: { name: 'ldap', key: 'pw' } } },
    };
    const group = { authentication: { anyOf: [{ allOf: [ldap, { policyRef: { name: 'api-key' } }] }, ldap] } };
    const { document, read } = made(object('Api', 'orders', { policies: [ldap, group] }));
    const reference = {
      policyRef: { name: 'ldap-authentication' },
      config: { ldapServerUserPassword: '${secret:ldap/pw}' },
    };
    expect(document['spec']).toEqual({
      policies: [
        reference,
        { authentication: { anyOf: [{ allOf: [reference, { policyRef: { name: 'api-key' } }] }, reference] } },
      ],
    });
    expect(read).toEqual(['ldap']);
  });
});
