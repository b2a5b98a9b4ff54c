import type { Http2Server, ServerHttp2Session } from 'node:http2';
import type { Clock } from '../clock.ts';
import { connectionOf } from './node-request.ts';
import type { NodeRequest, NodeResponse } from './node-request.ts';
import { reflectionMethods } from '../grpc/reflection.ts';
import type { ListenOptions, Method } from '../grpc/rpc.ts';
import type { ListenAddress } from '../listen/address.ts';
import { closeWithin } from '../listen/closing.ts';
import { divertHttp2 } from '../listen/divert-http2.ts';
import { listenOn } from '../listen/socket.ts';
import { admit, ConnectionRoom } from '../listen/connection-room.ts';
import { checkAccess, createAccess } from './access.ts';
import { refuse, roomForCalls } from './call-room.ts';
import { createGuard } from './guard.ts';
import type { AnalyticsDesk } from './analytics-desk.ts';
import type { Inspector } from './inspection.ts';
import { loadApi } from './load-services.ts';
import type { ProbeDesk } from './probe-watch.ts';

export interface ApiOptions {
  readonly address: ListenAddress;
  /** Methods of the gRPC listener that are served here too: Authorization and health. */
  readonly methods: readonly Method[];
  readonly inspector: Inspector;
  readonly analytics: AnalyticsDesk;
  readonly probes: ProbeDesk;
  /** `--api-token-file`. */
  readonly tokenFile: string | undefined;
  readonly maxMessageBytes: number;
  readonly maxConnections: number;
  readonly clock: Clock;
  readonly onFailure?: ListenOptions['onFailure'];
  /** Called for each refused call with its method (empty if unknown) and the reason. */
  readonly onRefused?: (method: string, why: string) => void;
}

export interface ApiListener {
  /** As bound. */
  readonly address: ListenAddress;
  /** Lets calls in flight end, then closes. What remains after `timeoutMs` is cut. */
  drain(timeoutMs: number): Promise<void>;
}

/** The most calls at once, of all connections: each takes some 45 kB. */
const MOST_CALLS = 128;

const NO_METHOD =
  "the operator's API of a sidecar has no such method; POST to /ostiary.v1.InspectionService/ListApis, say. " +
  'The control plane is on another address, that of its --control-listen';
/**
 * Opens the listener of the API, which speaks gRPC, gRPC-Web and Connect on HTTP/1.1 and on HTTP/2 without TLS, all on
 * one port. The modules for these protocols are loaded at the first connection.
 * @throws UserError if it could not be used safely, ListenError if it can't be opened (rejects with them)
 */
export async function openApi(options: ApiOptions): Promise<ApiListener> {
  await checkAccess(options);
  const opened = Promise.withResolvers<ListenAddress>();
  let handle: Promise<(request: NodeRequest, response: NodeResponse) => void> | undefined;
  const takeRoom = roomForCalls(MOST_CALLS, () => options.clock.monotonic());
  const onRequest = (request: NodeRequest, response: NodeResponse): void => {
    if (!takeRoom(connectionOf(request), request, response)) return;
    handle ??= opened.promise.then((address) => loadHandler(options, address));
    void handle
      .then((ready) => ready(request, response))
      .catch((error: unknown) => {
        options.onFailure?.(request.url ?? '', error);
        refuse(response, 500, 'internal', 'internal error');
      });
  };

  // An import would touch each of its exports, and so load Node's fetch: 14 MB.
  const http1 = process
    .getBuiltinModule('node:http')
    .createServer({ maxHeaderSize: 16_384, headersTimeout: 10_000, requestTimeout: 60_000 }, onRequest);
  const sessions = new Set<ServerHttp2Session>();
  let http2: Http2Server | undefined;
  const undecided = divertHttp2(http1, (socket) => {
    http2 ??= createHttp2Server(onRequest, sessions);
    http2.emit('connection', socket);
  });
  const room = new ConnectionRoom({
    most: options.maxConnections,
    // A later operator must get in, even if others keep their connections busy.
    whenAllBusy: 'close oldest',
    now: () => options.clock.monotonic(),
    onFull() {},
  });
  admit(http1, (socket) => room.enter(socket));

  const address = await listenOn(http1, options.address);
  opened.resolve(address);
  return {
    address,
    async drain(timeoutMs) {
      for (const socket of undecided) socket.destroy();
      for (const session of sessions) session.close();
      await closeWithin(timeoutMs, http1, room.sockets, () => http1.closeIdleConnections());
    },
  };
}

/** Loaded with the first connection that needs it: 9 MB. */
function createHttp2Server(
  onRequest: (request: NodeRequest, response: NodeResponse) => void,
  sessions: Set<ServerHttp2Session>,
): Http2Server {
  const { createServer } = process.getBuiltinModule('node:http2');
  const server = createServer({ settings: { maxConcurrentStreams: 100 } }, onRequest);
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  return server;
}

async function loadHandler(
  options: ApiOptions,
  address: ListenAddress,
): Promise<(request: NodeRequest, response: NodeResponse) => void> {
  const { API_SERVICES, analyticsMethods, createConnectHandler, inspectionMethods, PATH_EFFECTS, probeMethods } =
    await loadApi();
  const allow = createAccess({ address, tokenFile: options.tokenFile });
  const refusal = createGuard(address);
  // Without a token anybody on the machine may call, including the workload whose callers ostiary authenticates.
  const isKnownCaller = address.kind === 'unix' || options.tokenFile !== undefined;
  const serve = createConnectHandler({
    services: API_SERVICES,
    methods: [
      ...options.methods,
      ...inspectionMethods(options.inspector, { tellsWhichCredential: isKnownCaller }),
      ...analyticsMethods({
        desk: options.analytics,
        snapshot: () => options.inspector.snapshot(),
        clock: options.clock,
      }),
      ...probeMethods(options.probes),
      ...reflectionMethods(() => Promise.resolve(API_SERVICES)),
    ],
    allow: async (path, { authorization }) => {
      const isProbe = path.startsWith('/grpc.health.v1.Health/');
      try {
        await allow(isProbe ? 'probe' : (PATH_EFFECTS[path] ?? 'read'), authorization ?? null);
      } catch (error) {
        options.onRefused?.(path, (error as Error).message);
        throw error;
      }
    },
    maxMessageBytes: options.maxMessageBytes,
    now: () => options.clock.monotonic(),
    ...(options.onFailure === undefined ? {} : { onFailure: options.onFailure }),
  });
  return (request, response) => {
    const why = refusal(request.headers);
    if (why !== undefined) {
      options.onRefused?.('', why);
      refuse(response, 403, 'permission_denied', why);
    } else if (!serve(request, response)) {
      refuse(response, 404, 'unimplemented', NO_METHOD);
    }
  };
}
