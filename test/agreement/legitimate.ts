import { credentials } from '../e2e/documents.ts';
import type { Layout } from './layouts.ts';
import type { WireRequest } from './wire-client.ts';

/** What decent callers send, and which upstream answers it, or with what status it is refused. */
export function legitimate(layout: Layout): readonly { request: WireRequest; outcome: string | number }[] {
  const comparesPorts = layout.name === 'unstripped' || layout.name === 'verbatim';
  const list: { request: WireRequest; outcome: string | number }[] = [];
  const add = (outcome: string | number, target: string, host: string, parts: Partial<WireRequest> = {}): void => {
    for (const protocol of ['http1', 'http2'] as const) {
      list.push({ request: { protocol, method: 'GET', target, host, headers: [], ...parts }, outcome });
    }
  };
  const client = { headers: Object.entries(credentials('gold')) };
  const grpc = {
    method: 'POST',
    headers: [
      ['content-type', 'application/grpc'],
      ['te', 'trailers'],
    ] as const,
  };

  // Names with ports, as clients on other ports and gRPC send them.
  for (const port of ['', ':80', ':443', ':8443', ':50051']) {
    const ofNames = port === '' || !comparesPorts;
    add(ofNames ? 'public' : 'private', '/x', `public.example.com${port}`, ofNames ? {} : client);
    add(ofNames ? 'public' : 401, '/secret', `Public.Example.com${port}`);
    add(ofNames ? 'wild' : 'private', '/v1', `a.b.wild.example.com${port}`, ofNames ? {} : client);
    add('orders', '/orders/17', `elsewhere.example.org${port}`);
    add('orders', '/orders/17', `10.1.2.3${port}`);
    add('orders', '/orders/17', `[2001:db8::1]${port}`);
    add('private', '/', `elsewhere.example.org${port}`, client);
    add(401, '/', `elsewhere.example.org${port}`);
  }
  if (comparesPorts) add('ported', '/x', 'ported.example.com:8080');
  add('orders', '/orders/pkg.Service/Method', 'orders:50051', grpc);

  const host = 'api.example.com';
  for (const path of [
    '/orders',
    '/orders/',
    '/orders/17;v=1',
    '/orders/a%20b',
    '/orders/a+b,c:d@e',
    '/orders/%E2%82%AC/%41',
    '/orders/17?from=/orders/v2&to=%2fadmin;x',
    '/orders/17?',
    "/orders/it's~(here)!*$&=",
    '/orders//17',
    '/orders/a;v=1;w=2/b;x',
    '/orders/.hidden/...',
    '/orders/Admin',
    '/orders/%25',
  ]) {
    // Rewritten by hand, a route with a plain prefix is reached by the same paths.
    add('orders', path, host);
  }
  add('deep', '/orders/v2/17;x', host, client);
  add(401, '/orders/v2/17', host);
  add('orders', '/orders/admin/x', host, client);
  add(401, '/orders/admin;v=1', host);
  add('spaced', '/my%20caf%C3%A9/cr%C3%A8me', host);
  add('gitlab', '/projects/42/hooks', host);
  const encoded = { 'encoded-slashes': 'gitlab', verbatim: 'gitlab', istio: 'gitlab' }[layout.name] ?? 400;
  add(encoded, '/projects/group%2Fapp/hooks', host);
  add(encoded, '/projects/@scope%2fname', host);
  add('private', '/my%20files/a;v=1', host, client);
  add('wild', '/', 'a.wild.example.com', { headers: [['x-env', 'dev']] });
  add(401, '/', 'a.wild.example.com', { headers: [['x-env', 'prod']] });
  add('wild', '/', 'a.wild.example.com', { headers: [['x-env', 'prod'], ...client.headers] });
  return list;
}
