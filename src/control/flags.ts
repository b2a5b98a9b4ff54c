import { integer, list, text, withVariables } from '../flags.ts';
import type { FlagValues } from '../flags.ts';
import { postgresUrl } from '../serve/history-flags.ts';
import { serveFlags } from '../serve/serve-flags.ts';
import { auditFlags } from './audit-flags.ts';
import { kubernetesFlags } from './kubernetes-flags.ts';
import { mailFlags } from './mail-flags.ts';
import { peopleFlags } from './people-flags.ts';
import { faultOfKubernetesRule } from './trust/kubernetes-rule.ts';
import { faultOfSpiffeRule } from './trust/spiffe-rule.ts';

const own = withVariables({
  controlListen: text(
    '127.0.0.1:9195',
    'ADDRESS',
    'Connect, gRPC and gRPC-Web for people, programs and sidecars: host:port or unix:/path',
  ),
  controlTlsCert: text(undefined, 'FILE', 'PEM certificate chain for --control-listen; read again when it changes'),
  controlTlsKey: text(undefined, 'FILE', 'PEM key of --control-tls-cert'),
  controlTlsClientCa: text(
    undefined,
    'FILE',
    'PEM authorities of client certificates: what a sidecar that shows one may see, --trust-spiffe says',
  ),
  trustSpiffe: list(
    [],
    'RULE',
    'what client certificates stand for: spiffe://cluster.local/ns/{ns}/sa/*,namespace={ns}; repeatable: the first that fits',
    faultOfSpiffeRule,
  ),
  trustKubernetes: list(
    [],
    'RULE',
    'clusters whose pods join by their own tokens: ISSUER[,audience=ostiary][,cluster=NAME][,service-account=NAME][,jwks=FILE | ,ca=FILE,token=FILE]; repeatable',
    faultOfKubernetesRule,
  ),
  controlAdminListen: text('127.0.0.1:9196', 'ADDRESS', 'HTTP for /metrics, /livez, /readyz and /version'),
  controlMaxMessageBytes: integer(
    64 * 1024 * 1024,
    64 * 1024,
    1024 * 1024 * 1024,
    'largest request, such as all documents of one apply',
  ),
  controlMaxConnections: integer(20_000, 16, 1_000_000, 'most connections to --control-listen at once: one a sidecar'),
  database: text(
    undefined,
    'URL',
    'keep everything in PostgreSQL instead: postgres://USER:PASSWORD@HOST/DATABASE; several control planes share it',
    postgresUrl,
  ),
  secretsKeyFile: text(
    undefined,
    'FILE',
    'keys that encrypt Secrets, a line each: 32 bytes in base64; the first one encrypts, each decrypts',
  ),
  snapshotKeyFile: text(
    undefined,
    'FILE',
    'Ed25519 key that signs snapshots; made where it is not there (default: snapshot-key.pem in --data-dir)',
  ),
  bootstrapTokenFile: text(
    undefined,
    'FILE',
    "the administrator's token: made at the first start where it is not there (default: bootstrap-token in --data-dir)",
  ),
});

/** The flags of `ostiary control`. Those that mean what they mean of `serve` are the same. */
export const controlFlags = {
  controlListen: own.controlListen,
  controlTlsCert: own.controlTlsCert,
  controlTlsKey: own.controlTlsKey,
  controlTlsClientCa: own.controlTlsClientCa,
  trustSpiffe: own.trustSpiffe,
  trustKubernetes: own.trustKubernetes,
  controlAdminListen: own.controlAdminListen,
  controlMaxMessageBytes: own.controlMaxMessageBytes,
  controlMaxConnections: own.controlMaxConnections,
  dataDir: serveFlags.dataDir,
  database: own.database,
  analyticsDatabase: serveFlags.analyticsDatabase,
  analyticsMaxSize: serveFlags.analyticsMaxSize,
  egressAllow: serveFlags.egressAllow,
  bootstrapTokenFile: own.bootstrapTokenFile,
  ...peopleFlags,
  ...mailFlags,
  secretsKeyFile: own.secretsKeyFile,
  snapshotKeyFile: own.snapshotKeyFile,
  ...auditFlags,
  ...kubernetesFlags,
  drain: serveFlags.drain,
  logLevel: serveFlags.logLevel,
  quiet: serveFlags.quiet,
};

export type ControlFlags = FlagValues<typeof controlFlags>;
