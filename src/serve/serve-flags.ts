import { duration, fraction, integer, list, oneOf, text, toggle, withVariables } from '../flags.ts';
import type { FlagValues } from '../flags.ts';
import { analyticsFlags } from './analytics-flags.ts';
import { apiKeyHmacFile } from './api-key-hmac.ts';
import { egressAllow } from './egress-flag.ts';
import { controlFlags } from './control-flags.ts';
import { counterFlags } from './counter-flags.ts';
import { eventFlags } from './event-flags.ts';
import { historyFlags } from './history-flags.ts';
import { httpFlags } from './http-flags.ts';
import { locateFlags } from './locate-flags.ts';
import { tracingFlags } from './tracing-flags.ts';

/** The flags of `ostiary serve`. Commands that mean the same by a name take the flag from here. */
export const serveFlags = withVariables({
  policies: list(['policies'], 'DIR', 'folder with the documents to enforce; repeatable'),
  reload: oneOf(
    'isolated',
    ['isolated', 'all-or-nothing'],
    'what a fault in changed documents holds back: the API that it concerns, or every change',
  ),
  apiKeyHmacFile,
  ...controlFlags,
  listen: text('127.0.0.1:9191', 'ADDRESS', 'gRPC for Envoy: host:port or unix:/path'),
  listenMode: text('0660', 'MODE', 'permission bits of the Unix sockets of --listen and --http-listen, octal'),
  transport: oneOf(
    'http2',
    ['http2', 'grpc-js'],
    'implementation of HTTP/2 for --listen: our own, which is faster, or that of @grpc/grpc-js',
  ),
  workers: integer(1, 1, 128, 'processes that decide Checks; more than one helps only if one core is not enough'),
  tlsCert: text(undefined, 'FILE', 'PEM certificate chain for --listen; read again when the file changes'),
  tlsKey: text(undefined, 'FILE', 'PEM key of --tls-cert'),
  tlsClientCa: text(undefined, 'FILE', 'PEM authorities: Envoy must present a certificate of one of them'),
  adminListen: text(
    '127.0.0.1:9190',
    'ADDRESS',
    'HTTP for /metrics, /livez, /readyz and /version; use :9190 if other machines scrape or probe it',
  ),
  apiListen: text(
    '127.0.0.1:9192',
    'ADDRESS',
    'Connect, gRPC and gRPC-Web for operators; keep it on loopback or a Unix socket',
  ),
  apiListenMode: text(
    '0600',
    'MODE',
    'permission bits of the Unix socket of --api-listen, octal; whoever can open it can change counters',
  ),
  apiTokenFile: text(
    undefined,
    'FILE',
    'file with the token for Explain, counters, analytics and all changes, such as ResetCounters',
  ),
  ...locateFlags,
  ...httpFlags,
  maxMessageBytes: integer(
    4 * 1024 * 1024,
    1024,
    64 * 1024 * 1024,
    'largest Check; a larger one ends as RESOURCE_EXHAUSTED',
  ),
  maxConnections: integer(
    10_000,
    16,
    1_000_000,
    'most connections to --listen, and to --http-listen, at once; fewer if the limit of open files is lower',
  ),
  maxBufferedBytes: integer(
    24 * 1024 * 1024,
    4 * 1024 * 1024,
    16 * 1024 * 1024 * 1024,
    'most memory for unfinished requests and unread answers on --listen, of all connections of a process',
  ),
  gzip: toggle('accept compressed messages on --listen; Envoy sends none'),
  ...counterFlags,
  ...analyticsFlags,
  ...eventFlags,
  ...historyFlags,
  readyWait: duration(5000, 'longest time that a start waits for key sets before /readyz and health report ready'),
  keySetFolder: text(
    undefined,
    'DIR',
    'keep fetched key sets here, for a start while an issuer is down; whoever can write here can forge tokens',
  ),
  egressAllow,
  drainDelay: duration(2000, 'how long new Checks are still answered after SIGTERM'),
  drain: duration(5000, 'longest time from SIGTERM to the end of the process; longer than --drain-delay'),
  logLevel: oneOf(
    'info',
    ['silent', 'error', 'warn', 'info', 'debug'],
    'least level that is logged, as JSON lines on standard output',
  ),
  logAllowRate: fraction(0.01, 'share of allowed Checks that have a decision line; every denial has one'),
  ...tracingFlags,
  quiet: toggle('do not print the lines to try at the start'),
});

export type ServeFlags = FlagValues<typeof serveFlags>;
