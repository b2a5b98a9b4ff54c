import { credentials } from './documents.ts';
import type { Issuer } from './issuer.ts';
import type { Asked, Clients, Ending } from './mixed-clients.ts';

/** What a client saw of one request, under what it is to be counted. An empty text: there is none. */
export interface Seen {
  readonly api: string;
  readonly client: string;
  readonly tier: string;
  readonly method: string;
  /** 0: the client left before any answer. */
  readonly status: number;
  readonly outcome: string;
  readonly reason: string;
  /** Undefined: it was no gRPC call. */
  readonly grpcStatus?: number | undefined;
}

/** Requests of one kind: how each is sent, and what is to be counted of it. */
export interface Kind {
  readonly count: number;
  readonly send: (number: number) => Promise<Ending>;
  /** What it may end with. */
  readonly statuses: readonly number[];
  readonly counted: (ending: Ending) => Partial<Seen>;
}

/** All kinds, each with its share of the requests. */
export async function kindsOf(clients: Clients, issuer: Issuer): Promise<readonly Kind[]> {
  const gold = { headers: credentials('gold') };
  const caller = credentials('caller');
  const toOrders = { api: 'orders', client: 'gold', tier: 'gold' };
  const bearer = async (claims: Record<string, unknown>) => ({
    headers: { authorization: `Bearer ${await issuer.token(claims)}` },
  });
  const good = await bearer({ client_id: 'web-id', scope: 'read' });
  const old = await bearer({ client_id: 'web-id', scope: 'read', exp: Math.floor(Date.now() / 1000) - 60 });
  const scopeless = await bearer({ client_id: 'web-id' });
  const stranger = await bearer({ client_id: 'stranger-id', scope: 'read' });
  const spoilt = { headers: { authorization: `${good.headers.authorization.slice(0, -8)}AAAAAAAA` } };

  const http = (
    count: number,
    path: string,
    asked: Asked,
    statuses: readonly number[],
    counted: Kind['counted'],
  ): Kind => ({
    count,
    statuses,
    send: (number) => clients.ask(path.replace('#', String(number)), asked),
    counted: (ending) => ({ method: asked.method ?? 'GET', ...counted(ending) }),
  });
  const allowed = (count: number, path: string, asked: Asked, status: number, of: Partial<Seen> = toOrders) =>
    http(count, path, asked, [status], () => of);
  const denied = (count: number, path: string, asked: Asked, status: number, reason: string, of: Partial<Seen>) =>
    http(count, path, asked, [status], () => ({ ...of, outcome: 'blocked', reason }));
  const spent =
    (of: Partial<Seen>): Kind['counted'] =>
    ({ status }) =>
      status === 429 ? { ...of, outcome: 'blocked', reason: 'quota_spent' } : of;
  const left = (count: number, path: string, status: number): Kind => ({
    count,
    statuses: [status],
    send: (number) => clients.leave(path.replace('#', String(number)), gold.headers),
    counted: () => toOrders,
  });
  const rpc = (count: number, method: string, headers: Record<string, string>, of: Partial<Seen>): Kind => ({
    count,
    statuses: [200],
    send: () => clients.call(`/shop.Rpc/${method}`, headers),
    counted: () => ({ api: 'rpc', method: 'POST', ...of }),
  });
  const called = { client: 'caller' };

  return [
    allowed(3000, '/orders/#?secret=1', gold, 200),
    allowed(400, '/orders/200', { ...gold, method: 'HEAD' }, 200),
    allowed(400, '/orders/201', { ...gold, method: 'POST', body: 'x'.repeat(2000) }, 201),
    allowed(100, '/orders/1', { ...gold, method: 'PURGE' }, 200, { ...toOrders, method: '_other' }),
    allowed(100, '/orders/404', gold, 404),
    allowed(300, '/orders/500', gold, 500),
    allowed(200, '/orders/503', gold, 503),
    allowed(100, '/orders/cut', gold, 503),
    // Envoy makes three attempts at the same time, and for want of more gives the first one's answer.
    http(300, '/orders/flaky', gold, [200, 503], () => toOrders),
    allowed(60, '/orders/hang/slow/#', gold, 504),
    left(200, '/orders/hang/#', 0),
    left(200, '/orders/half/#', 200),
    http(400, '/orders/1', { ...gold, front: 'retrying' }, [200, 503], ({ status }) =>
      status === 200 ? toOrders : { outcome: 'check_error' },
    ),
    allowed(400, '/open/1', {}, 200, { api: 'open' }),
    allowed(300, '/tokens/1', good, 200, { api: 'tokens', client: 'web' }),
    http(
      600,
      '/orders/1',
      { headers: credentials('bronze') },
      [200, 429],
      spent({ api: 'orders', client: 'bronze', tier: 'bronze' }),
    ),
    http(300, '/limited/1', {}, [200, 429], spent({ api: 'limited' })),
    denied(300, '/orders/1', {}, 401, 'client_rejected', { api: 'orders' }),
    denied(300, '/orders/1', { headers: { ...credentials('gold'), client_secret: 'wrong' } }, 401, 'client_rejected', {
      api: 'orders',
    }),
    denied(200, '/orders/1', { headers: credentials('stranger') }, 401, 'client_rejected', { api: 'orders' }),
    denied(100, '/orders/200', { method: 'HEAD' }, 401, 'client_rejected', { api: 'orders' }),
    denied(200, '/tokens/1', {}, 401, 'token_missing', { api: 'tokens' }),
    denied(200, '/tokens/1', spoilt, 401, 'token_invalid', { api: 'tokens' }),
    denied(200, '/tokens/1', old, 401, 'token_invalid', { api: 'tokens' }),
    denied(200, '/tokens/1', scopeless, 403, 'scope_insufficient', { api: 'tokens' }),
    denied(200, '/tokens/1', stranger, 403, 'contract_missing', { api: 'tokens' }),
    denied(200, '/blocked/1', {}, 403, 'address_refused', { api: 'blocked' }),
    denied(200, '/meshed/1', {}, 403, 'workload_rejected', { api: 'meshed' }),
    denied(200, '/guarded/1', { method: 'DELETE' }, 403, 'access_refused', { api: 'guarded' }),
    denied(200, '/nobodys/1', {}, 403, 'api_unknown', {}),
    http(
      200,
      '/pages/1',
      { method: 'OPTIONS', headers: { origin: 'https://shop.example.com', 'access-control-request-method': 'GET' } },
      [200, 204],
      () => ({ api: 'pages', outcome: 'answered' }),
    ),
    rpc(300, 'End0', caller, called),
    rpc(200, 'End7', caller, called),
    rpc(100, 'End14', caller, called),
    rpc(200, 'End0', {}, { outcome: 'blocked', reason: 'client_rejected' }),
    allowed(200, '/unchecked/200', gold, 200, { outcome: 'unchecked' }),
    allowed(100, '/unchecked/500', gold, 500, { outcome: 'unchecked' }),
    allowed(200, '/no/route', gold, 404, { outcome: 'rejected_by_envoy' }),
    allowed(100, '/orders/moved', gold, 301),
    allowed(100, '/orders/a%2fb', gold, 400, { outcome: 'rejected_by_envoy' }),
    allowed(200, '/orders/1', { ...gold, front: 'alone' }, 503, { outcome: 'check_error' }),
  ];
}
