// What each kind of policy adds to a Check: the decision with it, less the decision of the same API without any.
// Run: node bench/policies.ts [NAME …]
import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fromBinary } from '@bufbuild/protobuf';
import { CheckResponseSchema } from '../gen/envoy/service/auth/v3/external_auth_pb.js';
import { scratchFolder } from '../test/real/scratch.ts';
import { openAsking } from './decision.ts';
import type { Asking } from './decision.ts';
import { realisticCheck } from './realistic-check.ts';
import { median, nanosecondsPerCall } from './timing.ts';

interface Row {
  readonly name: string;
  readonly budgetMicroseconds: number;
  /** The API's own policies. */
  readonly policies: readonly object[];
  /** More files of the folder, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** More headers of the Check. */
  readonly headers?: Readonly<Record<string, string>>;
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

/** A kind is a row here, or several. */
const rows: readonly Row[] = [
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
        policyRef: { name: 'cors' },
        config: CORS,
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

/** Of google.rpc.Code. */
const UNAVAILABLE = 14;
const ROUNDS = 7;
const CALLS = 20_000;

interface Measured {
  readonly row: Row;
  readonly asking: Asking;
  /** Nanoseconds of a Check, by round. */
  readonly times: number[];
}

const wanted = process.argv.slice(2);
const chosen = rows.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
const none = await open({ name: 'no policy', budgetMicroseconds: 0, policies: [] });
const all = await Promise.all(chosen.map(open));
// In turns, so that whatever else the machine does slows all of them alike.
for (let round = 0; round < ROUNDS; round++) {
  for (const one of [none, ...all]) {
    await answered(one.asking);
    one.times.push(measure(one));
  }
}
console.log(`no policy: ${(median(none.times) / 1000).toFixed(2)} µs a Check`);
for (const { row, times } of all) {
  const added = median(times.map((time, round) => time - (none.times[round] ?? Number.NaN))) / 1000;
  const ratio = (100 * added) / row.budgetMicroseconds;
  console.log(`${row.name.padEnd(40)} ${added.toFixed(2).padStart(6)} µs, ${ratio.toFixed(0)} % of its budget`);
}
for (const { asking } of [none, ...all]) await asking.close();

async function open(row: Row): Promise<Measured> {
  const policies = scratchFolder('bench');
  const spec = { hosts: ['orders.shop.svc.cluster.local'], basePath: '/orders', policies: row.policies };
  const api = { apiVersion: 'ostiary.dev/v1alpha1', kind: 'Api', metadata: { name: 'orders' }, spec };
  writeFileSync(join(policies, 'orders.json'), JSON.stringify(api));
  for (const [name, text] of Object.entries(row.files ?? {})) writeFileSync(join(policies, name), text);
  const headers = row.headers ?? {};
  const checkOf = (streamId: string) => realisticCheck({ streamId, clientId: 'web', token: 'x'.repeat(800), headers });
  const asking = await openAsking({ policies, checkOf });
  const answer = fromBinary(CheckResponseSchema, await answered(asking));
  if (answer.status?.code !== 0) throw new Error(`${row.name}: denied: ${JSON.stringify(answer.dynamicMetadata)}`);
  return { row, asking, times: [] };
}

/** What is asked for, hashed or verified once takes longer than a Check may: it is remembered for the next one. */
async function answered({ ask }: Asking): Promise<Uint8Array> {
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      const bytes = await ask();
      if (fromBinary(CheckResponseSchema, bytes).status?.code !== UNAVAILABLE) return bytes;
    } catch {
      // Its time was over.
    }
    await sleep(100);
  }
  return ask();
}

function measure({ row, asking }: Measured): number {
  return nanosecondsPerCall(
    () => {
      const answer = asking.ask();
      if (answer instanceof Promise) throw new Error(`${row.name}: waits for something`);
      return answer.length;
    },
    CALLS,
    1,
  );
}
