import { afterEach } from 'vitest';
import type { ListenOptions, Method, RpcListener } from '../../src/grpc/rpc.ts';
import type { Limits } from '../../src/http2/limits.ts';
import { zeroCounters } from '../../src/http2/transport-events.ts';
import type { AbuseKind, TransportCounters } from '../../src/http2/transport-events.ts';
import { http2Transport } from '../../src/http2/transport.ts';

export interface Served {
  readonly listener: RpcListener;
  /** 0 on a Unix socket. */
  readonly port: number;
  readonly counters: TransportCounters;
  readonly abuse: AbuseKind[];
  /** Faults of our own: none, if all is well. */
  readonly internalErrors: unknown[];
}

const open: RpcListener[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((listener) => listener.drain(0)));
});

/** A listener on this project's HTTP/2 that the end of the test closes. */
export async function serve(
  methods: readonly Method[],
  limits: Partial<Limits> = {},
  options: Partial<ListenOptions> = {},
): Promise<Served> {
  const abuse: AbuseKind[] = [];
  const internalErrors: unknown[] = [];
  const counters = zeroCounters();
  const transport = http2Transport({
    limits,
    now: () => performance.now(),
    observer: {
      counters,
      onAbuse: (kind) => abuse.push(kind),
      onInternalError: (error) => internalErrors.push(error),
    },
  });
  const listener = await transport({
    address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
    methods,
    tls: undefined,
    maxMessageBytes: 4 * 1024 * 1024,
    ...options,
  });
  open.push(listener);
  const port = listener.address.kind === 'tcp' ? listener.address.port : 0;
  return { listener, port, counters, abuse, internalErrors };
}

export const ECHO_PATH = '/test.Echo/Unary';
/** Answers with its request. */
export const echo: Method = { kind: 'unary', path: ECHO_PATH, handle: (request) => Buffer.from(request) };
