import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { scratchFolder } from '../test/real/scratch.ts';
import { realisticCheck } from './realistic-check.ts';

const CLIENT_ID = '0f9d1f3e5d8c4a2b';
const ISSUER = 'https://issuer.example.com';
const TOKEN_BYTES = 800;

export interface Shop {
  /** Documents: one API that wants a token and has a tier of two windows, and its clients. */
  readonly policies: string;
  /**
   * A Check that they allow. Without a stream id it may be sent again and again, and is charged
   * each time: it is never taken for Envoy's repetition of an earlier one.
   */
  readonly checkOf: (streamId: string) => Uint8Array;
  /** Tokens that all differ, each of one of the clients in turn. */
  readonly tokens: (count: number) => Promise<readonly { readonly token: string; readonly clientId: string }[]>;
}

/**
 * What the benchmarks enforce: a token is verified, its client and contract are looked up, both
 * windows of the tier are charged. The quota is never spent.
 * @param contracts clients with a contract; the Check is of one of them
 */
export async function openShop(contracts = 1): Promise<Shop> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const textKey = publicKey.export({ type: 'spki', format: 'pem' });
  const sign = async (padding: number, client = CLIENT_ID, subject = '7d2f6f0e-user'): Promise<string> =>
    new SignJWT({ client_id: client, scope: 'orders:read orders:write', name: 'x'.repeat(padding) })
      .setProtectedHeader({ alg: 'RS256' })
      .setIssuer(ISSUER)
      .setSubject(subject)
      .setExpirationTime('2h')
      .sign(privateKey);
  const short = await sign(0);
  const token = await sign(Math.floor(((TOKEN_BYTES - short.length) * 3) / 4));
  const policies = scratchFolder('bench');
  const documents = [orders(textKey.toString()), ...clients(contracts)];
  writeFileSync(join(policies, 'shop.json'), JSON.stringify(documents));
  const padding = Math.floor(((TOKEN_BYTES - short.length) * 3) / 4);
  return {
    policies,
    checkOf: (streamId) => realisticCheck({ streamId, clientId: CLIENT_ID, token }),
    tokens: (count) =>
      Promise.all(
        Array.from({ length: count }, async (_, i) => {
          const of = clientIdOf(i % contracts);
          return { clientId: of, token: await sign(padding, of, `user-${String(i).padStart(8, '0')}`) };
        }),
      ),
  };
}

function orders(textKey: string): object {
  return document('Api', 'orders', {
    hosts: ['orders.shop.svc.cluster.local'],
    basePath: '/orders',
    tiers: [
      {
        name: 'gold',
        limits: [
          { maximumRequests: 1_000_000_000, timePeriodInMilliseconds: 1000 },
          { maximumRequests: 100_000_000_000, timePeriodInMilliseconds: 86_400_000 },
        ],
      },
    ],
    policies: [
      { policyRef: { name: 'jwt-validation' }, config: { textKey, algorithms: ['RS256'], issuer: ISSUER } },
      { policyRef: { name: 'rate-limiting-sla' } },
    ],
  });
}

function clients(count: number): object[] {
  return Array.from({ length: count }, (_, i) => {
    const name = `client-${i}`;
    return [
      document('ClientApplication', name, { clientId: clientIdOf(i) }),
      document('Contract', name, { clientApplication: name, api: 'orders', tier: 'gold', status: 'approved' }),
    ];
  }).flat();
}

function document(kind: string, name: string, spec: object): object {
  return { apiVersion: 'ostiary.dev/v1alpha1', kind, metadata: { name }, spec };
}

function clientIdOf(i: number): string {
  return i === 0 ? CLIENT_ID : `${CLIENT_ID}-${i}`;
}
