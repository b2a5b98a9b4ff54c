import { setTimeout as sleep } from 'node:timers/promises';
import type { AccessLogService } from '../analytics/access-log-service.ts';
import type { Clock } from '../clock.ts';
import { UserError } from '../errors.ts';
import { Health } from '../grpc/health.ts';
import { reflectionMethods } from '../grpc/reflection.ts';
import type { Method, RpcListener, RpcTransport, UnaryHandler } from '../grpc/rpc.ts';
import type { ListenAddress } from '../listen/address.ts';
import { openNamed } from '../listen/socket.ts';
import { watchTls } from '../listen/tls-watch.ts';
import { loadTls } from '../listen/tls.ts';
import type { TlsFiles } from '../listen/tls.ts';
import { openForwardAuth } from '../forward-auth/listener.ts';
import type { ForwardAuthListener, ForwardAuthOptions } from '../forward-auth/listener.ts';
import type { RefusalReason } from '../forward-auth/refusal.ts';
import type { AnalyticsDesk } from '../operator/analytics-desk.ts';
import type { Inspector } from '../operator/inspection.ts';
import { openApi } from '../operator/listener.ts';
import type { ApiListener } from '../operator/listener.ts';
import { loadServices } from '../operator/load-services.ts';
import type { ProbeDesk } from '../operator/probe-watch.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import { openAdmin } from './admin.ts';
import type { AdminListener, AdminOptions, ServerState } from './admin.ts';

export interface ServerOptions extends Pick<AdminOptions, 'details' | 'metrics' | 'version'> {
  readonly transport: RpcTransport;
  /** `--listen`. */
  readonly listen: ListenAddress;
  /** Of `--listen` alone. */
  readonly tls: TlsFiles | undefined;
  /** `--admin-listen`. */
  readonly adminListen: ListenAddress;
  /** `--api-listen`. */
  readonly apiListen: ListenAddress;
  readonly apiTokenFile: string | undefined;
  /** `--http-listen`; undefined: no proxy asks over HTTP. */
  readonly forwardAuth:
    | Pick<ForwardAuthOptions, 'address' | 'profile' | 'trusted' | 'stripped' | 'ownedHeaders'>
    | undefined;
  readonly maxMessageBytes: number;
  /** Compressed messages are taken on `--listen`. */
  readonly gzip: boolean;
  readonly connections: ConnectionLimits;
  /** `envoy.service.auth.v3.Authorization/Check`. */
  readonly authorization: Method;
  /** Served on `--listen` alone. */
  readonly accessLog: AccessLogService;
  readonly inspector: Inspector;
  readonly analytics: AnalyticsDesk;
  readonly probes: ProbeDesk;
  readonly clock: Clock;
  readonly events: ServerEvents;
}

export interface ServerEvents {
  /** A handler failed in a way that is a defect. */
  readonly failed: (path: string, error: unknown) => void;
  /** A call of the operator's API was refused: its method, and why. */
  readonly refused: (method: string, why: string) => void;
  /** A proxy's question over HTTP was refused, and why. */
  readonly notAsked: (reason: RefusalReason, why: string) => void;
  /** A certificate is served from now on; it ends at `notAfter`, milliseconds since the Unix epoch. */
  readonly tlsServed: (notAfter: number) => void;
  /** The TLS files have changed and can't be used; what was served before still is. */
  readonly tlsFault: (message: string) => void;
}

export interface Server {
  /** As bound. */
  readonly addresses: {
    readonly grpc: ListenAddress;
    readonly admin: ListenAddress;
    readonly api: ListenAddress;
    readonly http?: ListenAddress;
  };
  /** A snapshot is in force: health says SERVING and `/readyz` 200 from now on. */
  ready(): void;
  drain(times: DrainTimes): Promise<void>;
}

export interface DrainTimes {
  /** How long new Checks are still answered, while health and `/readyz` already report not ready. */
  readonly drainDelayMs: number;
  /** The maximum duration of the whole drain; calls that have not ended by then are cut. */
  readonly drainMs: number;
}

const AUTHORIZATION_SERVICE = 'envoy.service.auth.v3.Authorization';
/** What closing takes after the last cut. */
const MARGIN_MS = 100;

/**
 * Opens all listeners, or none.
 * @throws UserError (rejects with it) that names the flag, the address and what to do
 */
export async function openServer(options: ServerOptions): Promise<Server> {
  const { listen, adminListen, apiListen, events } = options;
  const tls = options.tls === undefined ? undefined : await loadTls(options.tls, options.clock.now());
  const health = new Health(['', AUTHORIZATION_SERVICE]);
  let state: ServerState = 'starting';

  const { authorization, accessLog, maxMessageBytes, forwardAuth } = options;
  const methods = [authorization, ...health.methods()];
  const onFailure = events.failed;
  const [grpc, admin, api, http] = await openAll(
    openNamed('--listen', listen, () =>
      options.transport({
        address: listen,
        methods: [
          ...methods,
          ...accessLog.methods(),
          ...reflectionMethods(async () => (await loadServices()).GRPC_SERVICES),
        ],
        tls: tls?.material,
        maxMessageBytes,
        maxConnections: options.connections.grpc,
        gzip: options.gzip,
        onFailure,
      }),
    ),
    openNamed('--admin-listen', adminListen, () =>
      openAdmin({ ...options, address: adminListen, state: () => state, maxConnections: options.connections.admin }),
    ),
    openNamed('--api-listen', apiListen, () =>
      openApi({
        address: apiListen,
        methods,
        inspector: options.inspector,
        analytics: options.analytics,
        probes: options.probes,
        clock: options.clock,
        tokenFile: options.apiTokenFile,
        maxMessageBytes,
        maxConnections: options.connections.api,
        onFailure,
        onRefused: events.refused,
      }),
    ),
    forwardAuth === undefined
      ? Promise.resolve(undefined)
      : openNamed('--http-listen', forwardAuth.address, () =>
          openForwardAuth({
            ...forwardAuth,
            check: unaryOf(authorization),
            maxConnections: options.connections.http,
            clock: options.clock,
            onRefused: events.notAsked,
            onFailure,
          }),
        ),
  );

  if (tls !== undefined) events.tlsServed(tls.notAfter);
  const watch =
    tls === undefined || options.tls === undefined
      ? undefined
      : watchTls({
          files: options.tls,
          loaded: tls,
          now: () => options.clock.now(),
          onChange: ({ material, notAfter }) => {
            grpc.updateTls(material);
            events.tlsServed(notAfter);
          },
          onFault: events.tlsFault,
        });

  async function drainAll({ drainDelayMs, drainMs }: DrainTimes): Promise<void> {
    const end = options.clock.monotonic() + drainMs - Math.min(MARGIN_MS, drainMs / 2);
    const leftMs = (): number => Math.max(0, end - options.clock.monotonic());
    state = 'draining';
    health.setAllServing(false);
    http?.leave();
    await sleep(Math.min(drainDelayMs, leftMs()));
    watch?.close();
    // A Watch would keep its connection open, and so prolong the drain, as long as the caller likes.
    health.close();
    accessLog.close();
    await Promise.all([grpc.drain(leftMs()), api.drain(leftMs()), http?.drain(leftMs())]);
    // Last, so that monitoring sees the drain until its end.
    await admin.close(leftMs());
  }

  let draining: Promise<void> | undefined;
  return {
    addresses: {
      grpc: grpc.address,
      admin: admin.address,
      api: api.address,
      ...(http && { http: http.address }),
    },
    ready() {
      if (state !== 'starting') return;
      state = 'ready';
      health.setAllServing(true);
    },
    drain: (times) => (draining ??= drainAll(times)),
  };
}

function unaryOf(method: Method): UnaryHandler {
  if (method.kind !== 'unary') throw new TypeError('a Check has one answer');
  return method.handle;
}

async function openAll(
  ...opening: [
    Promise<RpcListener>,
    Promise<AdminListener>,
    Promise<ApiListener>,
    Promise<ForwardAuthListener | undefined>,
  ]
): Promise<[RpcListener, AdminListener, ApiListener, ForwardAuthListener | undefined]> {
  const [grpc, admin, api, http] = await Promise.allSettled(opening);
  if (
    grpc.status === 'fulfilled' &&
    admin.status === 'fulfilled' &&
    api.status === 'fulfilled' &&
    http.status === 'fulfilled'
  ) {
    return [grpc.value, admin.value, api.value, http.value];
  }
  if (grpc.status === 'fulfilled') await grpc.value.drain(0);
  if (admin.status === 'fulfilled') await admin.value.close(0);
  if (api.status === 'fulfilled') await api.value.drain(0);
  if (http.status === 'fulfilled') await http.value?.drain(0);
  const reasons = [grpc, admin, api, http].flatMap((result) =>
    result.status === 'rejected' ? [result.reason as Error] : [],
  );
  // If one of the errors is a defect and not a mistake of the user, that one is thrown, with its stack.
  const defect = reasons.find((reason) => !(reason instanceof UserError));
  throw defect ?? new UserError(reasons.map(({ message }) => message).join('; '));
}
