import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { content, ORGANIZATION } from './organization.ts';
import type { Content, Json } from './organization.ts';

export const CONNECTED_APP = { ANYPOINT_CLIENT_ID: 'connected', ANYPOINT_CLIENT_SECRET: 'app-secret' };

export interface Platform {
  readonly url: string;
  readonly content: Content;
  /** Paths that were asked for, with their query. */
  readonly asked: string[];
  /** Each call takes the first: an answer in place of the right one. */
  readonly troubles: ((request: IncomingMessage, response: ServerResponse) => boolean)[];
  /** Tokens that are valid. */
  readonly tokens: Set<string>;
  close(): Promise<void>;
}

/** A platform that answers in the documented shapes, in pages. */
export async function openPlatform(): Promise<Platform> {
  const asked: string[] = [];
  const troubles: Platform['troubles'] = [];
  const tokens = new Set<string>(['a-token']);
  const own = content();
  let issued = 0;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    asked.push(`${url.pathname}${url.search}`);
    const trouble = troubles.shift();
    if (trouble?.(request, response) === true) return;
    const send = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (url.pathname === '/accounts/api/v2/oauth2/token') {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        const { client_id, client_secret, grant_type } = JSON.parse(body) as Json;
        const isRight =
          client_id === 'connected' && client_secret === 'app-secret' && grant_type === 'client_credentials';
        if (!isRight) return send(401, { error: 'invalid_client' });
        const token = `token-${++issued}`;
        tokens.add(token);
        send(200, { access_token: token, token_type: 'bearer', expires_in: 3600 });
      });
      return;
    }
    if (!tokens.has((request.headers.authorization ?? '').replace('Bearer ', '')))
      return send(401, { error: 'Unauthorized' });
    const answer = answerTo(url, own);
    send(answer === undefined ? 404 : 200, answer ?? { error: 'Not Found', message: 'Resource not found' });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    content: own,
    asked,
    troubles,
    tokens,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answerTo({ pathname, searchParams }: URL, own: Content): unknown {
  const page = <Item>(items: readonly Item[], most: number): Item[] => {
    const offset = Number(searchParams.get('offset') ?? 0);
    return items.slice(offset, offset + Math.min(most, Number(searchParams.get('limit') ?? most)));
  };
  const organization = `/organizations/${ORGANIZATION}`;
  const rest = (prefix: string): string | undefined =>
    pathname.startsWith(prefix + organization) ? pathname.slice(prefix.length + organization.length) : undefined;
  if (rest('/accounts/api') === '/environments') {
    // A page smaller than was asked for.
    return { data: page(own.environments, 1), total: own.environments.length };
  }
  const ofExchange = rest('/exchange/api/v2');
  if (ofExchange === '/applications') return page(own.applications, 250);
  const [, application] = /^\/applications\/(\d+)$/.exec(ofExchange ?? '') ?? [];
  if (application !== undefined) {
    const detail = own.applicationDetails[application];
    const listed = own.applications.find(({ id }) => String(id) === application);
    return detail && { ...listed, ...detail };
  }
  const ofManager = rest('/apimanager/api/v1');
  if (ofManager === '/automated-policies') return { automatedPolicies: own.automated, total: own.automated.length };
  const [, environment = '', id, part] =
    /^\/environments\/([^/]+)\/apis(?:\/(\d+)(?:\/(\w+))?)?$/.exec(ofManager ?? '') ?? [];
  const assets = own.assets[environment];
  if (assets === undefined) return undefined;
  if (id === undefined) return { total: assets.length, assets: page(assets, 1) };
  if (part === undefined) return own.details[id];
  if (part === 'policies') return own.policies[id] ?? [];
  const list = (part === 'tiers' ? own.tiers : own.contracts)[id] ?? [];
  return { total: list.length, [part]: page(list, 2) };
}
