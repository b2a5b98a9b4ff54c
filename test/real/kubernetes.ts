import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { realPart } from './parts.ts';
import { startProcess, untilReady } from './process.ts';
import { freePort, scratchFolder } from './scratch.ts';

/** A real kube-apiserver with etcd and no nodes: it judges objects, and nothing runs. */
export interface RealKubernetes {
  /** A file by which other programs reach it as a cluster administrator. */
  readonly kubeconfig: string;
  /** One request as a cluster administrator; a body is sent as an object to apply. */
  ask(method: string, path: string, body?: object): Promise<ApiAnswer>;
  /**
   * Applies an object server-side with strict field validation.
   * @param dryRun judge it by everything, admission included, and keep nothing
   */
  apply(object: ApplicableObject, dryRun: boolean): Promise<ApiAnswer>;
  /** Applies the status alone, as a kubelet or a controller would. */
  applyStatus(object: ApplicableObject): Promise<ApiAnswer>;
  /** Creates what has no name, such as a token. */
  create(path: string, body: object): Promise<ApiAnswer>;
  remove(object: ApplicableObject): Promise<ApiAnswer>;
  /** A kubeconfig of another user, who holds what RBAC gives them, or by another port of loopback. */
  kubeconfigFor(options: { readonly user?: string; readonly port?: number }): string;
  /** The port of the API server. */
  readonly port: number;
  /** etcd forgets every change before now. */
  compact(): Promise<void>;
  /** The API server ends and comes back, which takes it some seconds. @param meanwhile while it is away */
  restart(meanwhile?: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** What `kubectl` would print as `Warning: …`. */
  readonly warnings: readonly string[];
}

export interface ApplicableObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

const TOKEN = 'administrator';
/** Users without any right of their own. */
const PEOPLE = ['ostiary', 'alice'];

/** @throws PartMissing */
export async function startKubernetes(): Promise<RealKubernetes> {
  const folder = scratchFolder('kube');
  const etcd = await startEtcd(folder);
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = file('account.key', String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
  const people = PEOPLE.map((name, at) => `${name}-token,${name},${at + 2}\n`).join('');
  const tokens = file('tokens.csv', `${TOKEN},admin,1,system:masters\n${people}`);
  const port = await freePort();
  const program = await realPart('kube-apiserver');
  const flags = [
    `--etcd-servers=${etcd.url}`,
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    `--cert-dir=${folder}`,
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
    '--service-account-issuer=https://localhost',
    `--token-auth-file=${tokens}`,
    '--authorization-mode=RBAC',
    '--disable-admission-plugins=ServiceAccount',
    '--service-cluster-ip-range=10.0.0.0/16',
  ];
  const ask: RealKubernetes['ask'] = (method, path, body) => call(port, method, path, body);
  const start = async () => {
    const started = await startProcess(program, flags);
    await untilReady('kube-apiserver', started, async () => (await ask('GET', '/readyz')).status === 200, 120_000);
    return started;
  };
  let server = await start();
  const kubeconfig = file('kubeconfig.json', JSON.stringify(kubeconfigOf(port, TOKEN)));
  let kubeconfigs = 0;
  return {
    ask,
    kubeconfig,
    async apply(object, dryRun) {
      const path = await pathOf(object, ask);
      const query = `fieldManager=test&force=true&fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}`;
      return ask('PATCH', `${path}?${query}`, object);
    },
    async applyStatus(object) {
      return ask('PATCH', `${await pathOf(object, ask)}/status?fieldManager=test&force=true`, object);
    },
    create: (path, body) => call(port, 'POST', path, body),
    async remove(object) {
      return ask('DELETE', await pathOf(object, ask));
    },
    port,
    kubeconfigFor({ user, port: other = port }) {
      kubeconfigs += 1;
      const token = user === undefined ? TOKEN : `${user}-token`;
      return file(`kubeconfig-${kubeconfigs}.json`, JSON.stringify(kubeconfigOf(other, token)));
    },
    compact: () => etcd.compact(),
    async restart(meanwhile) {
      await server.stop();
      await meanwhile?.();
      server = await start();
    },
    async stop() {
      await server.stop();
      await etcd.stop();
    },
  };
}

function kubeconfigOf(port: number, token: string): object {
  const cluster = { server: `https://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true };
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  };
}

/** The folder of a Go module's source, such as `istio.io/api` at `v1.31.1`. */
export async function goModuleFolder(module: string, version: string): Promise<string> {
  const { stdout } = await promisify(execFile)('go', ['mod', 'download', '-json', `${module}@${version}`]);
  return (JSON.parse(stdout) as { Dir: string }).Dir;
}

interface Etcd {
  readonly url: string;
  compact(): Promise<void>;
  stop(): Promise<void>;
}

async function startEtcd(folder: string): Promise<Etcd> {
  const url = `http://127.0.0.1:${await freePort()}`;
  const peers = `http://127.0.0.1:${await freePort()}`;
  const etcd = await startProcess(await realPart('etcd'), [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    `--listen-peer-urls=${peers}`,
    `--initial-advertise-peer-urls=${peers}`,
    `--initial-cluster=default=${peers}`,
    '--unsafe-no-fsync',
  ]);
  await untilReady('etcd', etcd, async () => (await fetch(`${url}/health`)).ok);
  const post = async (path: string, body: object): Promise<unknown> => {
    const response = await fetch(`${url}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`etcd: ${await response.text()}`);
    return response.json();
  };
  return {
    url,
    async compact() {
      const { header } = (await post('range', { key: 'AA==' })) as { header: { revision: string } };
      await post('compaction', { revision: header.revision, physical: true });
    },
    stop: () => etcd.stop(),
  };
}

async function pathOf({ apiVersion, kind, metadata }: ApplicableObject, ask: RealKubernetes['ask']): Promise<string> {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const { body } = await ask('GET', root);
  const resources = (body['resources'] ?? []) as readonly { name: string; kind: string; namespaced: boolean }[];
  const resource = resources.find((each) => each.kind === kind && !each.name.includes('/'));
  if (resource === undefined) throw new Error(`the API server knows no ${kind} of ${apiVersion}`);
  const space = resource.namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : '';
  return `${root}${space}/${resource.name}/${metadata.name}`;
}

async function call(port: number, method: string, path: string, body?: object): Promise<ApiAnswer> {
  return new Promise((resolve, reject) => {
    const kind = method === 'POST' ? 'application/json' : 'application/apply-patch+yaml';
    const type = body === undefined ? {} : { 'content-type': kind };
    const headers = { authorization: `Bearer ${TOKEN}`, ...type };
    // Its certificate is one that it made for itself a moment ago.
    const options = { host: '127.0.0.1', port, method, path, headers, rejectUnauthorized: false };
    const outgoing = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('error', reject);
      response.once('end', () => {
        const warnings = [response.headers['warning'] ?? []].flat();
        const parsed = text.startsWith('{') ? (JSON.parse(text) as ApiAnswer['body']) : { text };
        resolve({ status: response.statusCode ?? 0, body: parsed, warnings });
      });
    });
    outgoing.once('error', reject);
    // YAML is a superset of JSON.
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
