import { duration, fraction, integer, list, oneOf, text, toggle, withVariables } from '../flags.ts';
import type { FlagValues } from '../flags.ts';
import { counterFlags } from './counter-flags.ts';
import { locateFlags } from './locate-flags.ts';

/** The flags of `ostiary serve`. Commands that mean the same by a name take the flag from here. */
export const serveFlags = withVariables({
  policies: list(['policies'], 'DIR', 'folder of documents to enforce; repeatable'),
  listen: text('127.0.0.1:9191', 'ADDRESS', 'gRPC for Envoy: host:port or unix:/path'),
  listenMode: text('0660', 'MODE', 'permission bits of the Unix socket of --listen, octal'),
  transport: oneOf('http2', ['http2', 'grpc-js'], 'what carries --listen: the fast transport, or the conservative one'),
  workers: integer(1, 1, 128, 'processes that decide Checks; more than one for a gateway with many cores'),
  tlsCert: text(undefined, 'FILE', 'PEM certificate chain for --listen; followed through renewals'),
  tlsKey: text(undefined, 'FILE', 'PEM key of --tls-cert'),
  tlsClientCa: text(undefined, 'FILE', 'PEM authorities: Envoy must present a certificate of one of them'),
  adminListen: text(
    '127.0.0.1:9190',
    'ADDRESS',
    'HTTP for /metrics, /livez, /readyz and /version; :9190 where others scrape or probe it',
  ),
  apiListen: text(
    '127.0.0.1:9192',
    'ADDRESS',
    'Connect, gRPC and gRPC-Web for operators; keep it on loopback or a Unix socket',
  ),
  apiListenMode: text(
    '0600',
    'MODE',
    'permission bits of the Unix socket of --api-listen: who may open it may change counters',
  ),
  apiTokenFile: text(
    undefined,
    'FILE',
    'token that Explain, InspectCounters and a change, such as ResetCounters, must present',
  ),
  ...locateFlags,
  maxMessageBytes: integer(4 * 1024 * 1024, 1024, 64 * 1024 * 1024, 'a larger Check ends as RESOURCE_EXHAUSTED'),
  maxConnections: integer(
    10_000,
    16,
    1_000_000,
    'connections to --listen at once; fewer where the limit of open files is lower',
  ),
  maxBufferedBytes: integer(
    32 * 1024 * 1024,
    4 * 1024 * 1024,
    16 * 1024 * 1024 * 1024,
    'what unfinished requests and unread answers on --listen may hold, all connections of a process together',
  ),
  gzip: toggle('takes compressed messages on --listen, which Envoy does not send'),
  ...counterFlags,
  readyWait: duration(5000, 'at the start /readyz and health say no until the key sets are loaded, so long at most'),
  keySetFolder: text(
    undefined,
    'DIR',
    'keeps the last key sets there, for a start while their issuer is away; who can write there can sign tokens',
  ),
  drainDelay: duration(2000, 'after SIGTERM new Checks are still answered for so long'),
  drain: duration(5000, 'after SIGTERM the process ends within so long'),
  logLevel: oneOf(
    'info',
    ['silent', 'error', 'warn', 'info', 'debug'],
    'what is logged, as JSON lines on standard output',
  ),
  logAllowRate: fraction(0.01, 'share of allowed Checks that have a decision line; every denial has one'),
  quiet: toggle('does not print the lines to try'),
});

export type ServeFlags = FlagValues<typeof serveFlags>;
