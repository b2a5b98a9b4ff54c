// The meaning of a server's error: for one call, or for the server as a whole. Redis 6 wraps what a command inside a
// script answers ("ERR Error running script (call to f_…): @user_script:93: @user_script: 93: -READONLY …"), newer ones
// and Valkey put the code first; errors about rights and unknown commands differ inside and outside a script.

/** Concerns every call, whatever it asks for. */
const OF_THE_SERVER: ReadonlySet<string> = new Set([
  'READONLY',
  'MASTERDOWN',
  'LOADING',
  'BUSY',
  'OOM',
  'MISCONF',
  'NOREPLICAS',
  'CLUSTERDOWN',
  'NOAUTH',
  'NODE_AWAY',
]);
/** Concerns every call of that kind. */
const OF_A_COMMAND: ReadonlySet<string> = new Set(['NOPERM', 'UNKNOWN_COMMAND', 'MOVED', 'ASK', 'CROSSSLOT']);

export type ErrorScope = 'server' | 'command' | 'call';

const OTHER_WORDS: readonly (readonly [words: RegExp, code: string])[] = [
  [/unknown (redis |valkey )?command/i, 'UNKNOWN_COMMAND'],
  [/can't run this command or subcommand|ACL failure in script|has no permissions/i, 'NOPERM'],
  [/unauthenticated|Authentication required/i, 'NOAUTH'],
  [/max number of clients/i, 'MAXCLIENTS'],
  [/cluster support disabled/i, 'NO_CLUSTER'],
  [/Too many Cluster redirections/i, 'MOVED'],
  [/password/i, 'WRONGPASS'],
  [/Protocol error, got|Unknown RESP type/, 'NO_REDIS'],
  [/Connection is closed|Stream isn't writeable/, 'CLOSED'],
  [/Socket timeout/, 'SILENT'],
  [/certificate|self-signed|SSL|TLS|Hostname\/IP does not match/i, 'TLS'],
];

const UNREACHABLE = /^(ECONN|EHOST|ENET|ETIMEDOUT|ENOTFOUND|EAI_|ENOENT|EACCES|EPIPE)/;

/** The server's own code, such as `READONLY`, or the nearest name for its meaning; `ERR` if that is unknown. */
export function codeOf(error: unknown): string {
  const { message, code } = toError(error);
  const inside = /: -([A-Z]{2,})\b/.exec(message)?.[1];
  if (inside !== undefined) return inside;
  const first = /^([A-Z_]{3,})(?: |$)/.exec(message)?.[1];
  if (first !== undefined && first !== 'ERR') return first;
  if (code !== undefined && UNREACHABLE.test(code)) return 'UNREACHABLE';
  return OTHER_WORDS.find(([words]) => words.test(message))?.[1] ?? 'ERR';
}

export function scopeOf(code: string): ErrorScope {
  if (OF_THE_SERVER.has(code)) return 'server';
  return OF_A_COMMAND.has(code) ? 'command' : 'call';
}

/** After a fail-over behind one address, the old connection leads to a server that is now a replica. */
export function leadsToReplica(error: unknown): boolean {
  return ['READONLY', 'MASTERDOWN'].includes(codeOf(error));
}

/** The server's words without the script's text and places. They name commands, keys and addresses, and no secret. */
export function wordsOf(error: unknown): string {
  const { message } = toError(error);
  return message
    .replace(/^.*Last error: (?:ReplyError: )?/s, '')
    .replace(/^ERR Error running script .*?: -?(?=[A-Z])/s, '')
    .replace(/^@user_script: \d+: /, '')
    .replace(/,? ?with args beginning with.*$/s, '')
    .replace(/ script: .*on @user_script:\d+\.?$/s, '')
    .replace(/\. Please report this\.?$/, '')
    .slice(0, 300);
}

const REMEDIES: Readonly<Record<string, string>> = {
  READONLY: 'the address leads to a replica: give that of the primary, or --redis-sentinel-master',
  MASTERDOWN: 'the address leads to a replica that has lost its primary: give that of the primary',
  LOADING: 'it reads its data and will answer when it has',
  BUSY: "another user's script runs: SCRIPT KILL ends it",
  OOM: 'its memory is full: raise maxmemory, or remove keys that are not ours',
  MISCONF: "it can't save its data and so takes no writes: look at its log, or at stop-writes-on-bgsave-error",
  NOREPLICAS: 'it has fewer replicas than min-replicas-to-write: bring them back, or lower that',
  CLUSTERDOWN: 'the Cluster does not serve all slots: look at CLUSTER INFO of its nodes',
  NODE_AWAY: "a node of the Cluster can't be reached",
  NOAUTH: 'it asks for a password: give --redis-password-file',
  WRONGPASS: 'check --redis-username and --redis-password-file, or user and password in the URL',
  NOPERM: 'the user lacks a right: the start check tells which are needed (docs/quota.md)',
  UNKNOWN_COMMAND: 'a command that the counters need is renamed or not passed on by a proxy',
  MOVED: 'the address is a node of a Cluster: set --redis-cluster',
  ASK: 'the address is a node of a Cluster: set --redis-cluster',
  CROSSSLOT: 'keys of one call lie at several nodes: set --redis-cluster, or use no proxy that spreads keys',
  NO_CLUSTER: 'this server is not a node of a Cluster: remove --redis-cluster',
  MAXCLIENTS: 'it takes no more connections: raise maxclients',
  DENIED: 'it takes local connections alone (protected-mode): give it a password or an ACL, and bind',
  NO_REDIS: 'what answers there speaks another protocol: check the address, and rediss:// for TLS',
  TLS: 'check rediss://, --redis-tls-ca, --redis-tls-server-name and the certificates',
  SILENT: 'check that it is not stopped or overloaded, and --store-timeout',
  UNREACHABLE: 'check that Redis runs, the address in --redis, and network policies',
  CLOSED: 'check that Redis runs, and rediss:// where it wants TLS',
};

/** What an operator can do; empty if unknown. */
export function remedyFor(code: string): string {
  return REMEDIES[code] ?? '';
}

function toError(error: unknown): { readonly message: string; readonly code?: string | undefined } {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code } = error as NodeJS.ErrnoException;
  return { message: error.message, code };
}
