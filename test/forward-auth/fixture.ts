import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createCheckMethod } from '../../src/envoy/check-service.ts';
import { openForwardAuth } from '../../src/forward-auth/listener.ts';
import type { ForwardAuthListener, ForwardAuthOptions } from '../../src/forward-auth/listener.ts';
import type { Outcome, Request } from '../../src/policy/policy.ts';
import { networksOf } from '../../src/request/client-address.ts';
import { access, apiOf, bound, portsOf, snapshotOf } from '../policy/fixtures.ts';

const listeners: ForwardAuthListener[] = [];
afterEach(() => Promise.all(listeners.splice(0).map((listener) => listener.drain(0))));

const LOOPBACK = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;

/** A listener whose one API is decided by the given policy. */
export async function open(
  decide: (request: Request) => Outcome | Promise<Outcome>,
  options: Partial<ForwardAuthOptions> = {},
) {
  const onRefused = vi.fn<ForwardAuthOptions['onRefused']>();
  const onFailure = vi.fn<ForwardAuthOptions['onFailure']>();
  const snapshot = snapshotOf(
    [apiOf({ name: 'orders', basePath: '/orders', access: [bound('decides', access(decide))] })],
    { owned: ['x-user'] },
  );
  const method = createCheckMethod({
    snapshot: () => snapshot,
    ports: portsOf({ clock: systemClock }),
    observer: { decided() {}, failed() {}, policyFailed() {} },
  });
  if (method.kind !== 'unary') throw new TypeError('a Check has one answer');
  const listener = await openForwardAuth({
    address: LOOPBACK,
    profile: 'nginx',
    trusted: networksOf(['127.0.0.0/8', '::1'])!,
    check: method.handle,
    ownedHeaders: () => snapshot.identityHeaders.names,
    stripped: new Set(),
    maxConnections: 100,
    clock: systemClock,
    onRefused,
    onFailure,
    ...options,
  });
  listeners.push(listener);
  return {
    listener,
    ask: (headers: Headers = {}, more: object = {}) => ask(listener, headers, more),
    onRefused,
    onFailure,
  };
}

export type Headers = Record<string, string | string[]>;

/** What nginx sends about `GET /orders` of 192.0.2.7. */
export const TOLD = {
  'x-original-method': 'GET',
  'x-original-uri': '/orders',
  'x-original-host': 'shop.example',
  'x-original-proto': 'https',
  'x-real-ip': '192.0.2.7',
};

async function ask({ address }: ForwardAuthListener, headers: Headers, more: object = {}) {
  const place = address.kind === 'unix' ? { socketPath: address.path } : { host: '127.0.0.1', port: address.port };
  const request = httpRequest({ ...place, agent: false, headers: { ...TOLD, ...headers }, ...more });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let body = '';
  for await (const bytes of response.setEncoding('utf8')) body += String(bytes);
  return { status: response.statusCode, headers: response.headers, body };
}

export const allow = (): Outcome => ({});

export function dial({ address }: ForwardAuthListener): Socket {
  if (address.kind === 'unix') return connect(address.path);
  return connect(address.port, '127.0.0.1').on('error', () => {});
}

export async function textOf(socket: Socket): Promise<string> {
  let text = '';
  for await (const bytes of socket.setEncoding('latin1')) text += String(bytes);
  return text;
}

/** Whether something takes connections there. */
export async function answersAt(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
