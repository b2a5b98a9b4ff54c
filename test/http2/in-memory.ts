import { duplexPair } from 'node:stream';
import type { Method } from '../../src/grpc/rpc.ts';
import { createBudgets } from '../../src/http2/budgets.ts';
import { Connection } from '../../src/http2/connection.ts';
import { grpcApplication } from '../../src/http2/grpc/application.ts';
import { DEFAULT_LIMITS } from '../../src/http2/limits.ts';
import type { Limits } from '../../src/http2/limits.ts';
import { zeroCounters } from '../../src/http2/transport-events.ts';

const methods: readonly Method[] = [
  { kind: 'unary', path: '/envoy.service.auth.v3.Authorization/Check', handle: (request) => Buffer.from(request) },
  { kind: 'unary', path: '/test.Slow/Unary', handle: async (request) => Promise.resolve(Buffer.from(request)) },
  {
    kind: 'bidirectional',
    path: '/test.Echo/Bidi',
    async *handle(requests) {
      for await (const request of requests) yield request;
    },
  },
  {
    kind: 'server_streaming',
    path: '/grpc.health.v1.Health/Watch',
    async *handle(request) {
      yield Buffer.from(request);
      yield Buffer.from(request);
    },
  },
];

export interface Outcome {
  /** Everything the server said. */
  readonly answer: Buffer;
  /** Faults of our own: none, if all is well. */
  readonly internalErrors: unknown[];
  /** What the connection still holds after its end: nothing, if all is well. */
  readonly leaks: Readonly<Record<string, number>>;
}

const settle = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** Plays what a client says to a connection in memory, cut as given, then ends the connection. */
export async function play(chunks: readonly Buffer[], limits: Partial<Limits> = {}): Promise<Outcome> {
  const [ours, theirs] = duplexPair();
  const internalErrors: unknown[] = [];
  const merged = { ...DEFAULT_LIMITS, ...limits };
  const onFailure = (_path: string, error: unknown): void => void internalErrors.push(error);
  const address = { kind: 'tcp', host: '', port: 0 } as const;
  const options = { address, methods, tls: undefined, maxMessageBytes: 100_000, onFailure };
  const observer = {
    counters: zeroCounters(),
    onAbuse() {},
    onInternalError: (error: unknown) => void internalErrors.push(error),
  };
  const budgets = createBudgets(merged, performance.now());
  const connection = new Connection(theirs, grpcApplication(options, merged), {
    limits: merged,
    observer,
    now: () => performance.now(),
    budgets,
  });
  const answer: Buffer[] = [];
  ours.on('data', (chunk: Buffer) => answer.push(chunk));
  ours.on('error', () => {});
  for (const chunk of chunks) {
    if (!ours.writableEnded && !theirs.destroyed) ours.write(chunk);
    await settle();
  }
  for (let i = 0; i < 4; i++) await settle();
  theirs.destroy();
  ours.destroy();
  for (let i = 0; i < 4; i++) await settle();
  const { counters } = observer;
  return {
    answer: Buffer.concat(answer),
    internalErrors,
    leaks: {
      streams: connection.streams.open.size,
      lingering: connection.streams.lingering,
      bufferedRequestBytes: connection.streams.bufferedRequestBytes,
      queuedBytes: connection.sender.queuedBytes,
      sharedBytes: budgets.bufferedBytes.total - budgets.bufferedBytes.free,
      sharedStreams: budgets.streams.total - budgets.streams.free,
      connections: counters.connectionsOpened - counters.connectionsClosed,
    },
  };
}

export const NOTHING_LEFT: Outcome['leaks'] = {
  streams: 0,
  lingering: 0,
  bufferedRequestBytes: 0,
  queuedBytes: 0,
  sharedBytes: 0,
  sharedStreams: 0,
  connections: 0,
};
