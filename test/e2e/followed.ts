import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startUpstream } from '../../demo/upstream.ts';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import { document } from '../document/documents.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { startEnvoy } from '../real/envoy.ts';
import type { RealEnvoy } from '../real/envoy.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';

// Real sidecars that follow a control plane, behind a real Envoy.

const POLICIES = [{ policyRef: { name: 'client-id-enforcement' }, config: { forwardCredentials: 'id' } }];

export const api = (name: string) => document('Api', name, { basePath: `/${name}`, policies: POLICIES });
export const client = (name: string) =>
  document('ClientApplication', name, { clientId: name, clientSecret: { value: `the-secret-of-${name}` } });
export const contract = (of: string, client_: string, status: string) =>
  document('Contract', `${client_}-${of}`, { api: of, clientApplication: client_, status });

export const credentialsOf = (name: string) => ({ client_id: name, client_secret: `the-secret-of-${name}` });

/** A call of Connect with JSON. @throws Error with the answer, where it is none */
export async function ask<Answer>(control: RealControlPlane, method: string, request: object): Promise<Answer> {
  const answer = await fetch(`${control.url}/ostiary.v1.${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${control.env.OSTIARY_TOKEN}` },
    body: JSON.stringify(request),
  });
  if (!answer.ok) throw new Refused(answer.status, `${method}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Answer;
}

/** A call was answered, and not done. */
export class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface Applied {
  readonly revision: string;
  readonly results: readonly { readonly revision?: string }[];
  readonly faults?: readonly object[];
  readonly receipt?: Receipt;
}

export interface Receipt {
  readonly enforced?: number;
  readonly pending?: readonly string[];
  readonly unreachable?: readonly string[];
  readonly took?: string;
}

export function apply(control: RealControlPlane, documents: readonly object[], more: object = {}): Promise<Applied> {
  return ask(control, 'ResourceService/Apply', { documents: documents.map((each) => ({ document: each })), ...more });
}

export interface Follower extends RealOstiary {
  readonly node: string;
}

/** @param urls of the control planes that it may follow */
export async function startFollower(control: RealControlPlane, node: string, urls = [control.url]): Promise<Follower> {
  const folder = scratchFolder('follower');
  const { token } = await ask<{ token: string }>(control, 'SidecarService/CreateSidecarToken', { name: node });
  const tokenFile = join(folder, 'join-token');
  writeFileSync(tokenFile, token);
  const listen = `127.0.0.1:${await freePort()}`;
  const following = urls.flatMap((url) => ['--control', url]);
  const args = [
    ...following,
    '--control-token-file',
    tokenFile,
    '--cache-dir',
    join(folder, 'cache'),
    '--node-id',
    node,
  ];
  return { ...(await startOstiary({ policies: folder, listen, args })), node };
}

/** Asks one after the other of some sidecars. */
export async function startFront(followers: readonly Follower[]): Promise<RealEnvoy & { readonly url: string }> {
  const upstream = await startUpstream();
  const ostiary = followers.map(({ listen }) => {
    return { kind: 'tcp' as const, host: '127.0.0.1', port: Number(listen.split(':')[1]) };
  });
  const listener = { name: 'in', host: '127.0.0.1', port: 0, normalizePath: true, api: undefined, rawHeaders: true };
  const to = { host: '127.0.0.1', port: upstream.port };
  const envoy = await startEnvoy(bootstrap({ ostiary, timeoutMs: 5000, listeners: [listener], upstream: to }));
  return {
    ...envoy,
    url: `http://127.0.0.1:${envoy.port('in')}`,
    async stop() {
      await envoy.stop();
      await upstream.close();
    },
  };
}
