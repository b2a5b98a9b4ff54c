import { commentedLines, shellWord } from '../commented-lines.ts';
import { formatListenAddress } from '../listen/address.ts';
import type { ListenAddress } from '../listen/address.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

export interface Listening {
  readonly grpc: ListenAddress;
  readonly admin: ListenAddress;
  readonly api: ListenAddress;
  /** `--http-listen`. */
  readonly http?: ListenAddress;
  /** `--api-token-file`: Explain needs its content, except over a Unix socket. */
  readonly apiTokenFile: string | undefined;
  /** The folders of the documents; none: a control plane has them. */
  readonly policies: readonly string[];
  /** How this program is called, such as `npm run -s ostiary --`. */
  readonly program: string;
}

/** Where the service listens, and three lines that ask it about the first API. They need curl at most. */
export function tryLines(listening: Listening, snapshot: Snapshot): string {
  const { grpc, admin, api, http, program, apiTokenFile } = listening;
  const proxies = http === undefined ? '' : `proxies on ${formatListenAddress(http)}, `;
  const [first] = snapshot.apis;
  const host =
    first?.hosts.find((name) => !name.startsWith('*')) ?? first?.hosts[0]?.replace('*', 'www') ?? 'localhost';
  const path = first?.basePath ?? '/';
  const token = apiTokenFile === undefined || api.kind === 'unix' ? '' : ` --api-token-file ${shellWord(apiTokenFile)}`;
  const check = JSON.stringify({ attributes: { request: { http: { method: 'GET', path, host } } } });
  const where = `--host ${host} --path ${path}`;
  const folders = listening.policies.map((folder) => `--policies ${shellWord(folder)}`).join(' ');
  const lines: readonly (readonly [command: string, comment: string])[] = [
    [`${program} check --api ${apiAddress(api)}${token} ${where}`, 'what the service says of a request'],
    ...(folders === '' ? [] : [[`${program} check ${folders} ${where}`, 'what these documents say'] as const]),
    [
      `curl ${curlTarget(api)}/envoy.service.auth.v3.Authorization/Check -H 'content-type: application/json' -d '${check}'`,
      'as Envoy asks',
    ],
  ];
  return `ostiary answers Checks on ${formatListenAddress(grpc)}, ${proxies}operators on ${formatListenAddress(api)}, \
metrics and readiness on ${formatListenAddress(admin)}
try:
${commentedLines(lines)}`;
}

function apiAddress(address: ListenAddress): string {
  return address.kind === 'unix' ? `unix:${address.path}` : `http://${formatListenAddress(reachable(address))}`;
}

function curlTarget(address: ListenAddress): string {
  return address.kind === 'unix' ? `--unix-socket ${address.path} http://localhost` : apiAddress(address);
}

/** An address that means every address of the machine can be listened on, not called. */
function reachable(address: ListenAddress & { kind: 'tcp' }): ListenAddress {
  return ['', '0.0.0.0', '::'].includes(address.host) ? { ...address, host: '127.0.0.1' } : address;
}

/**
 * How the program that runs is called again.
 * @param main the file that Node was started with
 */
export function programOf(environment: Readonly<Record<string, string | undefined>>, main: string): string {
  return environment['npm_lifecycle_event'] === undefined ? `node ${main}` : 'npm run -s ostiary --';
}
