import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { document } from '../document/documents.ts';
import { startControlPlane } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { scratchFolder } from '../real/scratch.ts';

type Json = Readonly<Record<string, unknown>>;
interface Limits {
  readonly verbs?: readonly string[];
  readonly kinds?: readonly string[];
  readonly teams?: readonly string[];
}

const PASSWORD = 'correct horse battery staple';
const REFUSED = 403;

let control: RealControlPlane;
/** Of somebody who owns what two teams have, and is a developer of both. */
let session: string;

beforeAll(async () => {
  control = await startControlPlane(join(scratchFolder('token-limits'), 'data'));
  const members = ['owner', 'developer'].map((role) => ({ user: 'local:olga', role }));
  const teamOf = (name: string) => ({
    ...document('Team', name, { namespaces: [name], members }),
    metadata: { name, namespace: 'platform' },
  });
  const { OSTIARY_TOKEN: first } = control.env;
  expect(await ask('ResourceService/Apply', applied(teamOf('shop'), teamOf('web')), first)).not.toHaveProperty(
    'faults',
  );
  await ask('PeopleService/CreateUser', { name: 'olga', password: PASSWORD }, first);
  session = String((await ask('PeopleService/LogIn', { name: 'olga', password: PASSWORD }))['token']);
  const given = [api('shop'), api('web'), app('shop'), app('web')];
  expect(await ask('ResourceService/Apply', applied(...given), session)).not.toHaveProperty('faults');
});
afterAll(() => control?.stop());

const api = (namespace: string, basePath = `/${namespace}`) => ({
  ...document('Api', 'orders', { basePath }),
  metadata: { name: 'orders', namespace },
});
const app = (namespace: string) => ({
  ...document('ClientApplication', 'site', { clientId: `site-of-${namespace}` }),
  metadata: { name: 'site', namespace },
});
const applied = (...documents: readonly object[]) => ({ documents: documents.map((each) => ({ document: each })) });

async function ask(method: string, request: object, token?: string): Promise<Json & { readonly status: number }> {
  const answer = await fetch(`${control.url}/ostiary.v1.${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(request),
  });
  return { ...((await answer.json()) as Json), status: answer.status };
}

async function limitedTo(limits: Limits): Promise<string> {
  const name = `limited-${JSON.stringify(limits)}`.toLowerCase().replaceAll(/\W+/g, '-').replace(/-$/, '');
  const made = await ask('TokenService/CreateAccessToken', { name, limits }, session);
  expect(made, JSON.stringify(made)).toMatchObject({ status: 200 });
  return String(made['token']);
}

async function seen(token: string): Promise<readonly string[]> {
  const { resources = [] } = (await ask('ResourceService/List', {}, token)) as {
    readonly resources?: readonly { readonly kind: string; readonly namespace: string }[];
  };
  return resources.map(({ kind, namespace }) => `${kind} ${namespace}`);
}

test('a token for reading changes nothing, asks for nothing and decides nothing', async () => {
  const token = await limitedTo({ verbs: ['read'] });
  expect(await seen(token)).toEqual(expect.arrayContaining(['Api shop', 'Api web', 'ClientApplication web']));
  const calls = [
    ['ResourceService/Apply', applied(api('shop', '/other'))],
    ['ResourceService/Delete', { resources: [{ resource: { kind: 'Api', namespace: 'shop', name: 'orders' } }] }],
    ['ContractService/Request', { namespace: 'shop', clientApplication: 'web/site', api: 'orders' }],
    ['ContractService/Approve', { namespace: 'shop', name: 'web-site-orders' }],
    ['CredentialService/RotateSecret', { namespace: 'web', name: 'site' }],
    ['AuditService/ListChanges', {}],
    ['TokenService/CreateAccessToken', { name: 'wider' }],
  ] as const;
  for (const [method, request] of calls)
    expect(await ask(method, request, token), method).toMatchObject({ status: REFUSED });
});

test('a token for a kind sees and writes objects of that kind alone', async () => {
  const token = await limitedTo({ kinds: ['Api'] });
  expect(await seen(token)).toEqual(['Api shop', 'Api web']);
  const other = { kind: 'ClientApplication', namespace: 'shop', name: 'site' };
  expect(await ask('ResourceService/Get', other, token)).toMatchObject({ status: 404 });
  expect(await ask('ResourceService/Apply', applied(api('shop', '/shop-2')), token)).toMatchObject({ status: 200 });
  expect(await ask('ResourceService/Apply', applied(app('shop')), token)).toMatchObject({ status: REFUSED });
  expect(await ask('CredentialService/RotateSecret', { namespace: 'web', name: 'site' }, token)).toMatchObject({
    status: expect.toBeOneOf([REFUSED, 404]) as number,
  });
});

test('a token for a team has no part in the other one', async () => {
  const token = await limitedTo({ teams: ['shop'] });
  expect((await seen(token)).filter((each) => !each.startsWith('Team '))).toEqual([
    'Api shop',
    'ClientApplication shop',
  ]);
  expect(await ask('ResourceService/Apply', applied(api('shop')), token)).toMatchObject({ status: 200 });
  expect(await ask('ResourceService/Apply', applied(api('web', '/web-2')), token)).toMatchObject({ status: REFUSED });
  const other = { kind: 'Api', namespace: 'web', name: 'orders' };
  expect(await ask('ResourceService/Get', other, token)).toMatchObject({ status: 404 });
});
