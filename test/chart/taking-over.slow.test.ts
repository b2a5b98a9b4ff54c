import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startControlPlane } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { startKubernetes } from '../real/kubernetes.ts';
import type { RealKubernetes } from '../real/kubernetes.ts';
import { partOrSkip, realPart } from '../real/parts.ts';
import { scratchFolder } from '../real/scratch.ts';
import { chart as original, writeValues } from './helm.ts';

const parts = [await partOrSkip('etcd'), await partOrSkip('kube-apiserver'), await partOrSkip('helm')];

const ACCOUNT = 'shop-ostiary-control';
const API = '/apis/ostiary.dev/v1alpha1';

/** A release in a real cluster without nodes: what it has made may be used, and no pod runs. */
describe.skipIf(parts.includes(undefined))('a release that takes objects over', () => {
  const folder = scratchFolder('release');
  // The API server was built without a number: it would be none of those that the chart asks for.
  const chart = join(folder, 'ostiary');
  cpSync(original, chart, { recursive: true });
  const about = join(chart, 'Chart.yaml');
  writeFileSync(about, readFileSync(about, 'utf8').replace(/^kubeVersion:.*$/m, ''));
  let kubernetes: RealKubernetes;
  beforeAll(async () => {
    kubernetes = await startKubernetes();
    for (const name of ['mesh', 'shop', 'other']) await kubernetes.create('/api/v1/namespaces', { metadata: { name } });
  }, 120_000);
  afterAll(() => kubernetes?.stop());

  async function helm(...args: readonly string[]): Promise<string> {
    const env = { ...process.env, KUBECONFIG: kubernetes.kubeconfig };
    return (await promisify(execFile)(await realPart('helm'), [...args, '--namespace', 'mesh'], { env })).stdout;
  }

  const values = (kubernetesValues: object) =>
    writeValues({
      mode: 'none',
      control: {
        enabled: true,
        tls: { secretName: 'control-tls' },
        kubernetes: { enabled: true, ...kubernetesValues },
      },
    });

  /** A kubeconfig of the account that the release has made. */
  async function accountFile(): Promise<string> {
    const path = `/api/v1/namespaces/mesh/serviceaccounts/${ACCOUNT}/token`;
    const { body } = await kubernetes.create(path, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: 3600 },
    });
    const { token } = body['status'] as { token: string };
    const config = JSON.parse(readFileSync(kubernetes.kubeconfig, 'utf8')) as {
      users: { user: { token: string } }[];
      contexts: { context: Record<string, string> }[];
    };
    config.users[0]!.user.token = token;
    config.contexts[0]!.context['namespace'] = 'mesh';
    const file = join(folder, 'account.json');
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    return file;
  }

  async function may(verb: string, group: string, resource: string, more: object = {}): Promise<boolean> {
    const { body } = await kubernetes.create('/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user: `system:serviceaccount:mesh:${ACCOUNT}`,
        resourceAttributes: { verb, group, resource, ...more },
      },
    });
    return (body['status'] as { allowed: boolean }).allowed;
  }

  async function conditionsOf(namespace: string, name: string): Promise<string> {
    const { body } = await kubernetes.ask('GET', `${API}/namespaces/${namespace}/apis/${name}`);
    const { conditions = [] } = (body['status'] ?? {}) as { conditions?: { type: string; status: string }[] };
    return conditions.map(({ type, status }) => `${type}=${status}`).join(' ');
  }

  const api = (name: string, namespace: string) =>
    kubernetes.create(`${API}/namespaces/${namespace}/apis`, {
      apiVersion: 'ostiary.dev/v1alpha1',
      kind: 'Api',
      metadata: { name },
      spec: { basePath: `/${name}`, policies: [{ policyRef: { name: 'client-id-enforcement' } }] },
    });

  async function startAsAccount(data: string, ...args: readonly string[]): Promise<RealControlPlane> {
    const key = join(folder, 'secrets.key');
    writeFileSync(key, randomBytes(32).toString('base64'), { mode: 0o600 });
    const flags = ['--secrets-key-file', key, '--kubernetes', '--kubeconfig', await accountFile(), ...args];
    return startControlPlane(join(folder, data), undefined, { args: flags });
  }

  test('has the kinds and the rights that a control plane needs, and no others', async () => {
    await helm('install', 'shop', chart, '--values', values({ clusterName: 'east' }));
    await expect.poll(async () => (await kubernetes.ask('GET', API)).status).toBe(200);
    const control = await startAsAccount('all', '--cluster-name', 'east');
    try {
      await expect.poll(async () => (await api('orders', 'shop')).status, { timeout: 10_000 }).toBe(201);
      await expect.poll(() => conditionsOf('shop', 'orders'), { timeout: 30_000 }).toContain('Accepted=True');
    } finally {
      await control.stop();
    }
    for (const [verb, resource] of [
      ['create', 'apis'],
      ['update', 'apis'],
      ['patch', 'apis'],
      ['delete', 'apis'],
      ['update', 'apis/status'],
    ] as const)
      expect([verb, resource, await may(verb, 'ostiary.dev', resource, { namespace: 'shop' })]).toEqual([
        verb,
        resource,
        false,
      ]);
    for (const verb of ['create', 'update', 'patch', 'delete'])
      expect([verb, await may(verb, '', 'secrets', { namespace: 'mesh' })]).toEqual([verb, false]);
    expect(await may('list', '', 'pods', { namespace: 'shop' })).toBe(false);
    expect(await may('get', '', 'namespaces', { name: 'shop' })).toBe(false);
    expect(await may('get', 'coordination.k8s.io', 'leases', { namespace: 'mesh', name: 'another' })).toBe(false);
    expect(await may('create', 'coordination.k8s.io', 'leases', { namespace: 'shop' })).toBe(false);
    expect(await may('get', '', 'secrets', { namespace: 'other' })).toBe(true);
  });

  test('has them in the namespaces that it names alone, and no object of another is taken over', async () => {
    await helm('upgrade', 'shop', chart, '--values', values({ namespaces: ['shop'] }));
    expect(await may('get', '', 'secrets', { namespace: 'shop' })).toBe(true);
    expect(await may('get', '', 'secrets', { namespace: 'other' })).toBe(false);
    expect(await may('list', 'ostiary.dev', 'apis')).toBe(false);
    const control = await startAsAccount('some', '--kubernetes-namespace', 'shop');
    try {
      await api('users', 'shop');
      await api('away', 'other');
      await expect.poll(() => conditionsOf('shop', 'users'), { timeout: 30_000 }).toContain('Accepted=True');
      expect(await conditionsOf('other', 'away')).toBe('');
    } finally {
      await control.stop();
    }
  });

  test('leaves the kinds and all objects when it goes', async () => {
    await helm('uninstall', 'shop');
    expect(await may('list', 'ostiary.dev', 'apis', { namespace: 'shop' })).toBe(false);
    expect((await kubernetes.ask('GET', `${API}/namespaces/shop/apis/orders`)).status).toBe(200);
    // The same release has them again.
    await expect(helm('install', 'shop', chart, '--values', values({}))).resolves.toContain('deployed');
  });
});
