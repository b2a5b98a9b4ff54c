import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import type { Interceptor, Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import type { DescService } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ruledPaths } from '../../src/access/method-rules.ts';
import { startControlPlane } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { scratchFolder } from '../real/scratch.ts';
import { anyRequest, markOf } from './authorization-marks.ts';
import { COLUMNS, matrixRows } from './authorization-matrix.ts';
import type { MatrixRow } from './authorization-matrix.ts';
import { documents, requestsOf, services, setUp } from './authorization-requests.ts';

/** Serviced by a method that the matrix has no row for yet; each with who tests it. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  // test/audit/asking.ts: it needs a key that signs heads.
  '/ostiary.v1.AuditService/GetHead',
]);

let plane: RealControlPlane;
let tokens: readonly (string | undefined)[];

beforeAll(async () => {
  const folder = scratchFolder('authorization');
  const keys = join(folder, 'secrets-key');
  writeFileSync(keys, `${Buffer.alloc(32, 'k').toString('base64')}\n`, { mode: 0o600 });
  plane = await startControlPlane(join(folder, 'data'), undefined, { args: ['--secrets-key-file', keys] });
  tokens = await setUp((service, method, request) => call(service, method, request, plane.env.OSTIARY_TOKEN));
}, 60_000);

afterAll(async () => {
  await plane.stop();
});

async function call(service: string, method: string, request: object, token: string | undefined): Promise<unknown> {
  const authorize: Interceptor = (next) => (given) => {
    if (token !== undefined) given.header.set('authorization', `Bearer ${token}`);
    return next(given);
  };
  const description = services[service] as DescService;
  const { methodKind, localName } = description.methods.find(({ name }) => name === method) ?? {};
  if (localName === undefined) throw new Error(`there is no ${service}/${method}`);
  const options = { baseUrl: plane.url, interceptors: [authorize] };
  const isBidirectional = methodKind === 'bidi_streaming';
  const transport: Transport = isBidirectional
    ? createGrpcTransport(options)
    : createConnectTransport({ ...options, httpVersion: '1.1', useBinaryFormat: false });
  const client = createClient(description, transport) as unknown as Record<
    string,
    (asked: unknown, o?: object) => unknown
  >;
  const ended = new AbortController();
  const answer = client[localName]?.(isBidirectional ? once(request) : request, { signal: ended.signal });
  if (methodKind === 'unary') return await answer;
  // The first message of a stream shows whether there are any.
  for await (const first of answer as AsyncIterable<unknown>) {
    ended.abort();
    return first;
  }
  return undefined;
}

async function* once(request: object): AsyncGenerator<object> {
  yield request;
}

/** What a caller has got, as the matrix writes it. */
async function outcomeOf(row: MatrixRow, token: string | undefined): Promise<string> {
  const { request, allowed = [], seen } = requestsOf(row);
  try {
    const answer = await call(row.service, row.method, request, token);
    const { faults = [] } = answer as { readonly faults?: readonly { readonly message: string }[] };
    const [fault] = faults;
    if (fault !== undefined) return fault.message.startsWith('there is no ') ? '.' : `fault: ${fault.message}`;
    return seen?.(answer) ?? 'y';
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    if (allowed.includes(error.code)) return 'y';
    switch (error.code) {
      case Code.PermissionDenied:
        expect(error.rawMessage).toMatch(/^\S+ may not .+: |was asked for by/);
        return '-';
      case Code.NotFound:
        return '.';
      case Code.InvalidArgument:
        return error.rawMessage.includes('there is no ') ? '.' : `invalid: ${error.rawMessage}`;
      case Code.Unauthenticated:
        return '?';
      default:
        return `${Code[error.code]}: ${error.rawMessage}`;
    }
  }
}

test('the matrix has every method', () => {
  const known = new Set(matrixRows().map(({ service, method }) => `/ostiary.v1.${service}/${method}`));
  expect(ruledPaths().filter((path) => !known.has(path) && !ELSEWHERE.has(path))).toEqual([]);
});

test('each caller may do to each object what the matrix says, and nothing else', async () => {
  const wrong: string[] = [];
  for (const row of matrixRows()) {
    for (const [at, token] of tokens.entries()) {
      const outcome = await outcomeOf(row, token);
      const expected = row.cells[at];
      const { team = '', role = '' } = COLUMNS[at] ?? {};
      if (outcome !== expected)
        wrong.push(`${row.service}/${row.method} ${row.what}, ${team} ${role}: ${outcome} in place of ${expected}`);
    }
  }
  expect(wrong).toEqual([]);
}, 60_000);

test('lists and their totals have what may be seen, and nothing else', async () => {
  const named = async (at: number): Promise<string> => {
    const answer = (await call('ResourceService', 'List', { pageSize: 3 }, tokens[at])) as ListAnswer;
    const names = [...answer.resources];
    let { nextPageToken } = answer;
    while (nextPageToken !== '') {
      const more = (await call(
        'ResourceService',
        'List',
        { pageSize: 3, pageToken: nextPageToken },
        tokens[at],
      )) as ListAnswer;
      names.push(...more.resources);
      ({ nextPageToken } = more);
    }
    expect(answer.total).toBe(names.length);
    return names.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`).join(', ');
  };
  const column = (team: string, role: string): number => {
    return COLUMNS.findIndex((each) => each?.team === team && each.role === role);
  };
  expect((await named(column('platform', 'admin'))).split(', ')).toHaveLength(documents().length);
  expect(await named(column('returns', 'owner'))).toBe(
    'Api returns/parcels, ClientApplication returns/portal, ClientApplication returns/portal-2, ' +
      'ClientApplication returns/portal-3, ClientApplication shop/web, Contract returns/web-parcels, ' +
      'Contract shop/portal-active, Contract shop/portal-pending, Contract shop/portal-revoked, Team platform/returns',
  );
  expect(await named(column('returns', 'developer'))).toBe(
    'Api returns/parcels, Api shop/orders, ClientApplication returns/portal, ClientApplication returns/portal-2, ' +
      'ClientApplication returns/portal-3, Contract returns/web-parcels, ' +
      'Contract shop/portal-active, Contract shop/portal-pending, Contract shop/portal-revoked, ' +
      'Specification shop/orders-text, Team platform/returns',
  );
});

test('whatever is asked, no answer has a text of what its caller may not see', async () => {
  /** Of shop and of the platform, what callers of returns may see: by the rules. */
  const seen: Readonly<Record<string, readonly string[]>> = {
    admin: ['Api:shop:orders', 'Specification:shop:orders-text', 'ClientApplication:shop:web'],
    owner: ['ClientApplication:shop:web'],
    developer: ['Api:shop:orders', 'Specification:shop:orders-text'],
    viewer: [],
    auditor: [],
  };
  const callers = COLUMNS.flatMap((column, at) => (column?.team === 'returns' ? [{ at, role: column.role }] : []));
  const others = documents()
    .filter(
      ({ kind, metadata: { namespace, name } }) =>
        namespace !== 'returns' && name !== 'returns' && !(kind === 'Contract'),
    )
    .map(markOf);
  let told = 0;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...callers), anyRequest, async ({ at, role }, { service, method, request }) => {
      const answer = await call(service, method, request, tokens[at]).catch((error: unknown) => String(error));
      const text = JSON.stringify(answer, (_key, value: unknown) =>
        typeof value === 'bigint' ? Number(value) : value,
      );
      if (text.includes('mark:')) told += 1;
      const allowed = seen[role]?.map((each) => `mark:${each}:`) ?? [];
      expect(others.filter((mark) => text.includes(mark) && !allowed.includes(mark))).toEqual([]);
    }),
    { numRuns: 1000 },
  );
  expect(told).toBeGreaterThan(10);
}, 60_000);

interface ListAnswer {
  readonly resources: readonly { readonly kind: string; readonly namespace: string; readonly name: string }[];
  readonly nextPageToken: string;
  readonly total: number;
}
