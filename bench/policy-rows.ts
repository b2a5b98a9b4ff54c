import { createHmac } from 'node:crypto';
import type { PolicyEnvironment } from '../src/policies/environment.ts';

/** A policy, or several, and what a Check may cost with it. */
export interface Row {
  readonly name: string;
  readonly budgetMicroseconds: number;
  /** The API's own policies. */
  readonly policies: readonly object[];
  /** More files of the folder, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** More headers of the Check. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What the policies use of the process, in place of the usual. */
  readonly environment?: Partial<PolicyEnvironment>;
}

/** Addresses of which no two touch; the Check's peer, 10.244.1.17, is not among them. */
function manyAddresses(count: number): string {
  const lines = Array.from({ length: count }, (_, i) => {
    if (i % 2 === 0) return `10.${i >> 15}.${(i >> 7) & 255}.${(i & 127) * 2}`;
    return `2001:${(i >> 15).toString(16)}:${((i * 2) & 0xffff).toString(16)}::/48`;
  });
  return lines.join('\n');
}

const files = { 'many.txt': manyAddresses(100_000) };

const CORS = { originGroups: [{ origins: [{ re2: 'https://[a-z]+\\.example\\.com' }] }] };

/** A policy for tokens of one issuer, whose key is its name. */
function jwtOf(issuer: string): object {
  const config = { signingMethod: 'hmac', textKey: issuer, issuer, skipClientIdValidation: true };
  return { name: issuer.slice(-1), policyRef: { name: 'jwt-validation' }, config };
}

function jwtOfBoth(more: object): object {
  const issuers = [ISSUER_A, ISSUER_B].map((issuer) => ({
    issuer,
    textKey: issuer,
    algorithms: ['HS256'],
    audience: 'orders',
  }));
  return { policyRef: { name: 'jwt-validation' }, config: { issuers, skipClientIdValidation: true, ...more } };
}

function tokenOf(issuer: string): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const claims = {
    iss: issuer,
    sub: '248289761001',
    aud: 'orders',
    exp: 4_102_444_800,
    scope: 'orders:read orders:write',
  };
  const signed = `${encode({ alg: 'HS256', typ: 'at+jwt' })}.${encode(claims)}`;
  return `Bearer ${signed}.${createHmac('sha256', issuer).update(signed).digest('base64url')}`;
}

const ISSUER_A = 'https://login.example.com/realms/a';
const ISSUER_B = 'https://login.example.com/realms/b';
const PLACES = [
  { header: 'authorization', scheme: 'Bearer' },
  { header: 'x-token' },
  { cookie: 'session' },
  { query: 'access_token' },
];

/** A kind is a row here, or several. */
export const rows: readonly Row[] = [
  {
    name: 'ip-blocklist, 100,000 entries',
    budgetMicroseconds: 3,
    policies: [{ policyRef: { name: 'ip-blocklist' }, config: { files: ['many.txt'] } }],
    files,
  },
  {
    name: 'ip-allowlist, 100,000 entries',
    budgetMicroseconds: 3,
    policies: [{ policyRef: { name: 'ip-allowlist' }, config: { ips: ['10.244'], files: ['many.txt'] } }],
    files,
  },
  {
    name: 'ip-blocklist by a header, 100,000',
    budgetMicroseconds: 3,
    policies: [
      {
        policyRef: { name: 'ip-blocklist' },
        config: { files: ['many.txt'], ipExpression: "#[attributes.headers['x-forwarded-for']]" },
      },
    ],
    files,
  },
  {
    name: 'cors, no origin',
    budgetMicroseconds: 3,
    policies: [{ policyRef: { name: 'cors' }, config: CORS }],
  },
  {
    name: 'cors, an origin by RE2',
    budgetMicroseconds: 3,
    policies: [{ policyRef: { name: 'cors' }, config: CORS }],
    headers: { origin: 'https://one.example.com' },
  },
  {
    name: 'header-injection, literals',
    budgetMicroseconds: 3,
    policies: [
      {
        policyRef: { name: 'header-injection' },
        config: {
          inboundHeaders: [{ key: 'x-tenant', value: 'acme' }],
          outboundHeaders: [{ key: 'strict-transport-security', value: 'max-age=31536000' }],
        },
      },
    ],
  },
  {
    name: 'header-injection, expressions',
    budgetMicroseconds: 3,
    policies: [
      {
        policyRef: { name: 'header-injection' },
        config: {
          inboundHeaders: [
            { key: 'x-method', value: '#[attributes.method]' },
            { key: 'x-agent', value: "#[attributes.headers['user-agent']]" },
          ],
          outboundHeaders: [{ key: 'x-method', value: '#[attributes.method]' }],
        },
      },
    ],
  },
  {
    name: 'header-removal, names',
    budgetMicroseconds: 3,
    policies: [{ policyRef: { name: 'header-removal' }, config: { inboundHeaders: ['x-debug', 'x-internal'] } }],
  },
  {
    name: 'header-removal, RE2',
    budgetMicroseconds: 3,
    policies: [{ policyRef: { name: 'header-removal' }, config: { inboundHeaders: ['x-(debug|internal)-.*'] } }],
  },
  {
    name: 'spike-control',
    budgetMicroseconds: 3,
    policies: [
      {
        policyRef: { name: 'spike-control' },
        config: { maximumRequests: 1_000_000, timePeriodInMilliseconds: 1000 },
      },
    ],
  },
  {
    name: 'http-basic-authentication, remembered',
    budgetMicroseconds: 5,
    policies: [
      {
        policyRef: { name: 'http-basic-authentication' },
        config: {
          users: [{ username: 'ann', passwordHash: '$$2y$05$abcdefghijklmnopqrstuuoXuKqgZXLiJqzfmMXDDhSFPIvxV7t8.' }],
        },
      },
    ],
    headers: { authorization: `Basic ${btoa('ann:hunter2')}` },
  },
  {
    name: 'authorization, four terms',
    budgetMicroseconds: 8,
    policies: [
      {
        policyRef: { name: 'authorization' },
        config: {
          rules: [
            {
              allow:
                "request.method in ['GET', 'POST'] && request.path.startsWith('/orders') && " +
                "request.headers['user-agent'] != 'none' && source.spiffeId.startsWith('spiffe://cluster.local/')",
            },
          ],
        },
      },
    ],
  },
  {
    name: 'when, four terms',
    budgetMicroseconds: 8,
    policies: [
      {
        policyRef: { name: 'header-removal' },
        config: { inboundHeaders: ['x-debug'] },
        when:
          "request.method in ['GET', 'POST'] && request.path.startsWith('/orders') && " +
          "request.headers['user-agent'] != 'none' && !source.spiffeId.startsWith('spiffe://cluster.local/')",
      },
    ],
  },
  {
    name: 'jwt-validation, remembered',
    budgetMicroseconds: 5,
    policies: [jwtOf(ISSUER_A)],
    headers: { authorization: tokenOf(ISSUER_A) },
  },
  {
    name: 'jwt-validation, two issuers',
    budgetMicroseconds: 5,
    policies: [jwtOfBoth({})],
    headers: { authorization: tokenOf(ISSUER_B) },
  },
  {
    name: 'jwt-validation, two issuers, four places',
    budgetMicroseconds: 5,
    policies: [jwtOfBoth({ places: PLACES })],
    headers: { authorization: tokenOf(ISSUER_B) },
  },
  {
    name: 'any of, a token or a client id',
    budgetMicroseconds: 5,
    policies: [{ authentication: { anyOf: [jwtOf(ISSUER_A), { policyRef: { name: 'client-id-enforcement' } }] } }],
    headers: { authorization: tokenOf(ISSUER_A) },
  },
  {
    name: 'any of, the second of two issuers',
    budgetMicroseconds: 8,
    policies: [{ authentication: { anyOf: [jwtOf(ISSUER_A), jwtOf(ISSUER_B)] } }],
    headers: { authorization: tokenOf(ISSUER_B) },
  },
];
