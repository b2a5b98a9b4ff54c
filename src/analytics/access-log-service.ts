import { boundCalls } from '../grpc/bounded-calls.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Method } from '../grpc/rpc.ts';
import type { AccessLog, AccessLogPorts } from './access-log.ts';

/** Each worker thread of an Envoy opens one stream; each takes about 5 kB. */
const MOST_STREAMS = 4096;

export const ACCESS_LOG_PATH = '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs';

export interface AccessLogServicePorts extends Omit<AccessLogPorts, 'streams'> {
  /** Called at the first stream, to create what only the access log needs. */
  readonly onFirstStream?: () => void;
}

export interface AccessLogService {
  methods(): readonly Method[];
  /**
   * Ends every stream, now and later. Envoy never ends one, and an open stream would delay the drain of its
   * connection.
   */
  close(): void;
  /** Settles when no entry waits for what other processes say of it. */
  settled(): Promise<void>;
}

/** `envoy.service.accesslog.v3.AccessLogService`, to which Envoy sends an entry for each request that ended. */
export function createAccessLogService({ onFirstStream, ...ports }: AccessLogServicePorts): AccessLogService {
  const open = new Set<() => void>();
  let isClosed = false;
  let loading: Promise<AccessLog> | undefined;
  const load = async (): Promise<AccessLog> => {
    onFirstStream?.();
    const module = await import('./access-log.ts');
    return new module.AccessLog({ ...ports, streams: () => open.size });
  };

  async function readAll(messages: AsyncIterable<Uint8Array>): Promise<void> {
    const log = await (loading ??= load());
    const stream = log.open();
    for await (const message of messages) await stream.take(message);
  }

  async function* handle(messages: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const closed = Promise.withResolvers<void>();
    open.add(closed.resolve);
    try {
      if (isClosed) closed.resolve();
      await Promise.race([readAll(messages), closed.promise]);
    } finally {
      open.delete(closed.resolve);
    }
    if (isClosed) throw new RpcError(Code.unavailable, 'the server is shutting down');
    // A `StreamAccessLogsResponse`, which has no fields.
    yield new Uint8Array();
  }

  return {
    methods: () =>
      boundCalls([{ kind: 'bidirectional', path: ACCESS_LOG_PATH, handle }], MOST_STREAMS, 'access log streams'),
    close() {
      isClosed = true;
      for (const end of open) end();
    },
    async settled() {
      await (await loading)?.settled();
    },
  };
}
