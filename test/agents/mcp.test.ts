import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startControlPlane } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { scratchFolder } from '../real/scratch.ts';

const document = (kind: string, metadata: object, spec: object): object => ({
  apiVersion: 'ostiary.dev/v1alpha1',
  kind,
  metadata,
  spec,
});
const CATALOG = { lifecycle: 'published', visibility: 'internal' };
const QUICK = [{ name: 'a-minute', maximumRequests: 100, timePeriodInMilliseconds: 60_000 }];
const DOCUMENTS = [
  document(
    'Team',
    { name: 'shop', namespace: 'platform' },
    {
      namespaces: ['shop'],
      members: [{ user: 'local:olga', role: 'owner' }],
    },
  ),
  document(
    'Team',
    { name: 'apps', namespace: 'platform' },
    {
      namespaces: ['apps'],
      members: [{ user: 'local:dan', role: 'developer' }],
    },
  ),
  document(
    'Api',
    { name: 'orders', namespace: 'shop', ...CATALOG, description: 'Takes orders', specification: 'orders' },
    {
      basePath: '/orders',
      tiers: [
        { name: 'gold', limits: QUICK },
        { name: 'free', limits: QUICK, autoApprove: true },
      ],
    },
  ),
  document(
    'Api',
    { name: 'open', namespace: 'shop', lifecycle: 'published', visibility: 'public' },
    {
      basePath: '/open',
      publicUrl: 'https://api.example.com/open',
    },
  ),
  document('Api', { name: 'hidden', namespace: 'shop' }, { basePath: '/hidden' }),
  document('Specification', { name: 'orders', namespace: 'shop' }, { format: 'other', text: 'Orders are placed.' }),
];

describe('an agent', () => {
  let plane: RealControlPlane;
  let token: string;
  const clients: Client[] = [];

  async function rpc(
    method: string,
    request: object,
    bearer = plane.env.OSTIARY_TOKEN,
  ): Promise<Record<string, unknown>> {
    const answer = await fetch(`${plane.url}/ostiary.v1.${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${bearer}` },
      body: JSON.stringify(request),
    });
    const body = (await answer.json()) as Record<string, unknown>;
    if (!answer.ok) throw new Error(JSON.stringify(body));
    return body;
  }

  async function agent(mode: 'legacy' | { readonly pin: string }, bearer = token): Promise<Client> {
    const client = new Client({ name: 'an-agent', version: '1' }, { versionNegotiation: { mode } });
    clients.push(client);
    const headers = { authorization: `Bearer ${bearer}` };
    await client.connect(new StreamableHTTPClientTransport(new URL(`${plane.url}/mcp`), { requestInit: { headers } }));
    return client;
  }

  interface Told {
    readonly isError?: boolean;
    readonly structuredContent?: Record<string, unknown>;
    readonly content: readonly { readonly text?: string }[];
  }

  async function use(client: Client, name: string, args: Record<string, unknown>): Promise<Told> {
    return (await client.callTool({ name, arguments: args })) as Told;
  }

  beforeAll(async () => {
    plane = await startControlPlane(join(scratchFolder('mcp'), 'data'));
    await rpc('ResourceService/Apply', { documents: DOCUMENTS.map((each) => ({ document: each })) });
    await rpc('PeopleService/CreateUser', { name: 'dan', password: 'a long enough password' });
    const logged = await rpc('PeopleService/LogIn', { name: 'dan', password: 'a long enough password' });
    token = logged['token'] as string;
    for (const name of ['old', 'new']) {
      await rpc('CredentialService/CreateApplication', { namespace: 'apps', name }, token);
    }
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await plane?.stop();
  });

  describe.each([
    ['the protocol of 2025', 'legacy', 'old'],
    ['the protocol of 2026-07-28', { pin: '2026-07-28' }, 'new'],
  ] as const)('of %s', (_words, mode, name) => {
    const application = `apps/${name}`;

    test('finds an API, asks for it, and sees that a person has to decide', async () => {
      const client = await agent(mode);
      const { tools } = await client.listTools();
      expect(tools.map((tool) => tool.name).sort()).toEqual([
        'describe_api',
        'explain_denial',
        'find_api',
        'my_applications',
        'my_contracts',
        'my_usage',
        'request_access',
        'rotate_secret',
      ]);

      const found = await use(client, 'find_api', { query: 'orders' });
      expect(found.structuredContent).toMatchObject({ total: 1, apis: [{ namespace: 'shop', name: 'orders' }] });
      const described = await use(client, 'describe_api', { api: 'shop/orders' });
      expect(described.structuredContent).toMatchObject({ tiers: [{ name: 'gold' }, { name: 'free' }] });
      const specified = await use(client, 'describe_api', { api: 'shop/orders', specification: true });
      expect(specified.structuredContent).toMatchObject({ specification_text: 'Orders are placed.' });
      const mine = await use(client, 'my_applications', {});
      expect(mine.structuredContent).toMatchObject({ total: 2 });

      const asked = { application, api: 'shop/orders', tier: 'gold', reason: 'a shop', dry_run: true };
      const tried = await use(client, 'request_access', asked);
      expect(tried.content[0]?.text).toContain('could be asked for');
      const waits = await use(client, 'request_access', { ...asked, dry_run: false });
      expect(waits.content[0]?.text).toContain('It waits for a person');
      const contracts = await use(client, 'my_contracts', { application });
      expect(contracts.structuredContent).toMatchObject({ total: 1, contracts: [{ contract: { tier: 'gold' } }] });
      const contract = `shop/apps-${name}-orders`;
      expect((await use(client, 'my_usage', { contract })).isError).toBeFalsy();
      const denials = await use(client, 'explain_denial', { request_id: 'nobody-has-it' });
      expect(denials.structuredContent).toEqual({ denials: [] });
    });

    test('rotates a secret, which is told once', async () => {
      const client = await agent(mode);
      const rotated = await use(client, 'rotate_secret', { application, grace_hours: 1, reason: 'a leak' });
      expect(rotated.structuredContent?.['client_secret']).toMatch(/^[\w-]{43,}$/);
    });

    test('gets no further than its person: what they may not see is not there, and a refusal is an answer', async () => {
      const client = await agent(mode);
      const hidden = await use(client, 'describe_api', { api: 'shop/hidden' });
      const nowhere = await use(client, 'describe_api', { api: 'shop/nowhere' });
      expect(hidden.isError).toBe(true);
      expect(hidden.content[0]?.text).toBe(nowhere.content[0]?.text?.replace('nowhere', 'hidden'));
      const other = await use(client, 'rotate_secret', { application: 'shop/other', reason: 'x' });
      expect(other.isError).toBe(true);
    });

    test('without a token that is known gets nothing', async () => {
      await expect(agent(mode, 'made-up')).rejects.toThrow();
    });
  });

  test('is let in by its token alone, never by a cookie, and says so', async () => {
    const ask = (headers: Record<string, string>, body = '{}'): Promise<Response> =>
      fetch(`${plane.url}/mcp`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
        body,
      });
    const nobody = await ask({ cookie: `ostiary-session=${token}` });
    expect([nobody.status, nobody.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="ostiary"']);
    expect((await ask({ authorization: `Bearer ${token}`, origin: 'https://elsewhere.example' })).status).toBe(403);
    expect((await ask({ authorization: `Bearer ${token}` }, 'x'.repeat(300_000))).status).toBe(413);
    expect((await ask({ authorization: `Bearer ${token}` }, 'no json')).status).toBe(400);
    const question = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
    const batch = await ask({ authorization: `Bearer ${token}` }, ` ${JSON.stringify([question, question])}`);
    expect([batch.status, await batch.json()]).toMatchObject([
      400,
      { error: { message: 'send one message at a time' } },
    ]);
  });

  test('that looks for public APIs finds their catalog without a login, and nothing else in it', async () => {
    const answer = await fetch(`${plane.url}/.well-known/api-catalog`);
    expect(answer.headers.get('content-type')).toBe(
      'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"',
    );
    const anchor = 'https://api.example.com/open';
    const page = `${plane.url}/apis/shop/open`;
    expect(await answer.json()).toEqual({
      linkset: [
        { anchor: `${plane.url}/.well-known/api-catalog`, item: [{ href: anchor }] },
        { anchor, 'service-doc': [{ href: page, type: 'text/html' }] },
      ],
    });
    // What else is written tells nobody of itself.
    await rpc('CredentialService/CreateApplication', { namespace: 'apps', name: 'unseen' }, token);
    const again = { headers: { 'if-none-match': answer.headers.get('etag') ?? '' } };
    expect((await fetch(`${plane.url}/.well-known/api-catalog`, again)).status).toBe(304);
    const { host } = new URL(plane.url);
    const elsewhere = await fetch(`${plane.url.replace('127.0.0.1', 'localhost')}/.well-known/api-catalog`, again);
    expect([elsewhere.status, (await elsewhere.text()).includes(host)]).toEqual([200, false]);
  });
});
