import { Readable } from 'node:stream';
import { newKey } from '../src/contract/api-key.ts';
import { formatSecretHash } from '../src/contract/secret.ts';
import { systemTimers } from '../src/clock.ts';
import { createEgress } from '../src/egress/egress.ts';
import { egressRules } from '../src/egress/rules.ts';
import type { EgressTransport } from '../src/egress/transport.ts';
import { PEOPLE } from '../test/ldap/people.ts';
import { noNetwork } from '../test/policies/environment.ts';
import { PartMissing } from '../test/real/parts.ts';
import { SERVICE, startSlapd } from '../test/real/slapd.ts';
import type { RealSlapd } from '../test/real/slapd.ts';
import type { Row } from './policy-rows.ts';

const document = (kind: string, spec: object) =>
  JSON.stringify({ apiVersion: 'ostiary.dev/v1alpha1', kind, metadata: { name: 'web' }, spec });

function clientWith(spec: object): Readonly<Record<string, string>> {
  return {
    'client.json': document('ClientApplication', { clientId: 'web', ...spec }),
    'contract.json': document('Contract', { clientApplication: 'web', api: 'orders', status: 'approved' }),
  };
}

const { key, id, secret } = newKey();

/** An authorization server that calls every token active. */
const active: EgressTransport = async () => ({
  status: 200,
  contentType: 'application/json',
  body: Readable.from([Buffer.from('{"active":true,"client_id":"web","sub":"248289761001","aud":"orders"}')]),
});

/** Policies that know who calls: by a key, a certificate, a directory. */
export const knownRows: readonly Row[] = [
  {
    name: 'api-key',
    budgetMicroseconds: 5,
    policies: [{ policyRef: { name: 'api-key' } }],
    files: clientWith({ apiKeys: [{ id, ...formatSecretHash(secret) }] }),
    headers: { 'x-api-key': key },
  },
  {
    name: 'workload-identity, by id',
    budgetMicroseconds: 3,
    policies: [{ policyRef: { name: 'workload-identity' } }],
    files: clientWith({ principals: ['spiffe://cluster.local/ns/shop/sa/web'] }),
  },
  {
    name: 'workload-identity, by pattern',
    budgetMicroseconds: 3,
    policies: [{ policyRef: { name: 'workload-identity' } }],
    files: clientWith({ principals: ['spiffe://cluster.local/ns/*/sa/web'] }),
  },
  {
    name: 'oauth2-token-introspection, remembered',
    budgetMicroseconds: 5,
    policies: [
      {
        policyRef: { name: 'oauth2-token-introspection' },
        config: {
          introspectionURL: 'https://issuer.example.com/introspect',
          clientAuthentication: { method: 'none' },
          audience: 'orders',
          validatedTokenTTL: 86_400,
        },
      },
    ],
    files: clientWith({}),
    environment: { egress: createEgress({ transport: active, timers: systemTimers, rules: egressRules([]) }) },
  },
];

/** @returns undefined where no directory can be had here */
export async function directoryRow(): Promise<{ readonly row: Row; readonly slapd: RealSlapd } | undefined> {
  let slapd: RealSlapd;
  try {
    slapd = await startSlapd(PEOPLE);
  } catch (error) {
    if (!(error instanceof PartMissing)) throw error;
    console.log(`no row for ldap-authentication: ${error.message}`);
    return undefined;
  }
  const row: Row = {
    name: 'ldap-authentication, remembered',
    budgetMicroseconds: 5,
    policies: [
      {
        policyRef: { name: 'ldap-authentication' },
        config: {
          ldapServerURL: `ldap://127.0.0.1:${slapd.port}`,
          allowInsecureLdap: true,
          ldapServerUserDn: SERVICE.dn,
          ldapServerUserPassword: SERVICE.password,
          ldapSearchBase: 'ou=people,dc=example,dc=com',
          groups: { attribute: 'memberOf' },
          requiredGroups: ['cn=staff,ou=groups,dc=example,dc=com'],
        },
      },
    ],
    headers: { authorization: `Basic ${btoa('alice:alice-password')}` },
    environment: {
      egress: createEgress({ transport: noNetwork, timers: systemTimers, rules: egressRules(['127.0.0.1']) }),
    },
  };
  return { row, slapd };
}
