import { describe, expect, it } from 'vitest';
import { isSecret, parseSecretHash } from '../../src/contract/secret.ts';
import { objectOf } from '../../src/crd/object-of.ts';

const NAMES = { cluster: 'east' };

function document(kind: string, name: string, spec: object, metadata: object = {}) {
  return { apiVersion: 'ostiary.dev/v1alpha1', kind, metadata: { name, namespace: 'east.shop', ...metadata }, spec };
}

function made(value: object, names: { readonly cluster: string | undefined } = NAMES) {
  const result = objectOf(value as Record<string, unknown>, names);
  if ('faults' in result) throw new Error(JSON.stringify(result.faults));
  return { ...result, object: result.object as Record<string, Record<string, unknown>> };
}

function faultsOf(value: object) {
  const result = objectOf(value as Record<string, unknown>, NAMES);
  return 'faults' in result ? result.faults.map(({ field, message }) => `${field}: ${message}`) : [];
}

describe('an object of a document', () => {
  it('has under spec.catalog what Kubernetes has no room for', () => {
    const { object } = made(
      document('Api', 'orders', { basePath: '/o' }, { displayName: 'Orders', labels: { team: 'x' } }),
    );
    expect(object).toEqual({
      apiVersion: 'ostiary.dev/v1alpha1',
      kind: 'Api',
      metadata: { name: 'orders', namespace: 'shop', labels: { team: 'x' } },
      spec: { basePath: '/o', catalog: { displayName: 'Orders' } },
    });
    const alone = document('Api', 'a', {}, { namespace: undefined });
    expect(made(alone, { cluster: undefined }).object['metadata']).toEqual({ name: 'a', namespace: 'default' });
  });

  it('has secrets that are compared hashed, and names Secrets for those that are elsewhere', () => {
    const { object, wanted } = made(
      document('ClientApplication', 'web', {
        clientId: 'web',
        clientSecrets: [{ value: 'hunter2', expires: '2030-01-01T00:00:00Z' }, { value: '$WEB_SECRET' }],
        apiKeys: [
          { id: 'k1', file: 'k1.txt' },
          { id: 'k2', value: 'k2.abc' },
        ],
      }),
    );
    const { clientSecrets, apiKeys } = object['spec'] as { clientSecrets: never[]; apiKeys: never[] };
    expect(isSecret(parseSecretHash(clientSecrets[0] as never), 'hunter2')).toBe(true);
    expect(isSecret(parseSecretHash(apiKeys[1] as never), 'abc')).toBe(true);
    expect(JSON.stringify(object)).not.toMatch(/hunter2|k2\.abc/);
    expect(clientSecrets[1]).toEqual({ secretRef: { name: 'web', key: 'clientSecret-2' } });
    expect(apiKeys[0]).toEqual({ id: 'k1', secretRef: { name: 'web', key: 'apiKey-k1' } });
    expect(wanted).toEqual([
      { namespace: 'shop', ref: { name: 'web', key: 'clientSecret-2' }, holds: 'what $WEB_SECRET reads' },
      { namespace: 'shop', ref: { name: 'web', key: 'apiKey-k1' }, holds: 'the content of the file k1.txt' },
    ]);
  });

  it('has no secret of a policy, and says which Secret it needs', () => {
    const policy = (ldapServerUserPassword: string) => ({
      policyRef: { name: 'ldap-authentication' },
      config: { ldapServerUserPassword },
    });
    const policies = [policy('hunter2'), policy('$LDAP'), policy('${secret:ldap/pw}')];
    const { object, wanted } = made(document('Api', 'orders', { policies }));
    expect(object['spec']?.['policies']).toMatchObject([
      {
        config: {
          ldapServerUserPassword: { secretRef: { name: 'orders', key: 'policies-0.config.ldapServerUserPassword' } },
        },
      },
      {
        config: {
          ldapServerUserPassword: { secretRef: { name: 'orders', key: 'policies-1.config.ldapServerUserPassword' } },
        },
      },
      { config: { ldapServerUserPassword: '${secret:ldap/pw}' } },
    ]);
    expect(wanted.map(({ holds }) => holds)).toEqual([
      'what stands at spec.policies[0].config.ldapServerUserPassword',
      'what $LDAP reads',
    ]);
  });

  it.each([
    [document('Api', 'Orders_API', {}), /^metadata\.name: is no name of an object: rename it/],
    [
      document('Api', 'a', {}, { namespace: 'west.shop' }),
      /^metadata\.namespace: is none of the cluster: expected east\.NAMESPACE/,
    ],
    [document('Api', 'a', {}, { labels: { team: 'two words' } }), /^metadata\.labels\.team: is no value/],
    [document('Api', 'a', {}, { labels: { 'a/b/c': 'x' } }), /^metadata\.labels\["a\/b\/c"\]: is no key/],
    [
      document('Contract', 'a', { clientApplication: 'west.x/web', api: 'a' }),
      /^spec\.clientApplication: is none of the cluster/,
    ],
    [document('Webhook', 'a', { url: 'https://x.example.com' }), /^kind: is no kind of objects/],
    [document('Api', 'a', { hots: [] }), /^spec\.hots: unknown field/],
  ])('can not be made of %j', (value, told) => {
    expect(faultsOf(value)).toEqual([expect.stringMatching(told)]);
  });
});
