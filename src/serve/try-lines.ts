import { formatListenAddress } from '../listen/address.ts';
import type { ListenAddress } from '../listen/address.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

export interface Listening {
  readonly grpc: ListenAddress;
  readonly admin: ListenAddress;
  readonly api: ListenAddress;
  readonly tls: 'none' | 'server' | 'mutual';
  /** `--api-token-file`: Explain needs its content, except over a Unix socket. */
  readonly apiTokenFile: string | undefined;
  /** The folders of the documents. */
  readonly policies: readonly string[];
}

/** Where the service listens, and three lines that ask it about the first API. */
export function tryLines(listening: Listening, snapshot: Snapshot): string {
  const { grpc, admin, api, tls } = listening;
  const [first] = snapshot.apis;
  const host =
    first?.hosts.find((name) => !name.startsWith('*')) ?? first?.hosts[0]?.replace('*', 'www') ?? 'localhost';
  const path = first?.basePath ?? '/';
  const token =
    listening.apiTokenFile === undefined || api.kind === 'unix'
      ? ''
      : ` -H "authorization: Bearer $(cat ${listening.apiTokenFile})"`;
  const request = JSON.stringify({ attributes: { request: { http: { method: 'GET', path, host } } } });
  return `ostiary answers Checks on ${formatListenAddress(grpc)}, operators on ${formatListenAddress(api)}, \
metrics and readiness on ${formatListenAddress(admin)}
try:
  grpcurl ${GRPCURL_TLS[tls]} -d '${request}' ${grpcTarget(grpc)} envoy.service.auth.v3.Authorization/Check
  curl ${curlTarget(api)}/ostiary.v1.InspectionService/Explain -H 'content-type: application/json'${token} -d '{"check":${request}}'
  npm run -s ostiary -- check ${listening.policies.map((folder) => `--policies ${folder}`).join(' ')} --host ${host} --path ${path}
`;
}

const GRPCURL_TLS: Readonly<Record<Listening['tls'], string>> = {
  none: '-plaintext',
  server: '-insecure',
  mutual: '-insecure -cert CLIENT.pem -key CLIENT.key',
};

function grpcTarget(address: ListenAddress): string {
  return address.kind === 'unix' ? `unix://${address.path}` : formatListenAddress(reachable(address));
}

function curlTarget(address: ListenAddress): string {
  return address.kind === 'unix'
    ? `--unix-socket ${address.path} http://localhost`
    : `http://${formatListenAddress(reachable(address))}`;
}

/** An address that means every address of the machine can be listened on, not called. */
function reachable(address: ListenAddress & { kind: 'tcp' }): ListenAddress {
  return ['', '0.0.0.0', '::'].includes(address.host) ? { ...address, host: '127.0.0.1' } : address;
}
