import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { readDocuments } from '../../src/cli/doctor/read-documents.ts';
import { readFiles } from '../../src/doctor/collect/files.ts';
import type { RedisState } from '../../src/doctor/redis-state.ts';
import { resourceOf } from '../../src/doctor/resource.ts';
import type { ServiceState, SidecarState } from '../../src/doctor/service-state.ts';
import { NOTHING } from '../../src/doctor/world.ts';
import type { World } from '../../src/doctor/world.ts';
import { api, client, contract, documentsFolder } from '../e2e/documents.ts';
import type { Document } from '../e2e/documents.ts';
import { generate } from '../generate/generated.ts';
import { binding, deployment, gateway, namespace, pod, route, service, webhook } from './objects.ts';
import type { Changeable } from './objects.ts';
import { makeCertificates } from '../real/certificates.ts';

/** A whole installation, in which each test plants a fault. */
export interface Install {
  readonly objects: Changeable[];
  /** Pods as a cluster has them; looked at where the install is a cluster. */
  readonly pods: Changeable[];
  readonly envoys: Changeable[];
  readonly documents: Document[];
  redis: RedisState[];
  services: ServiceState[];
  sidecars: SidecarState[];
  certificates: World['certificates'][number][];
  isCluster: boolean;
}

const charts = join(import.meta.dirname, '../../charts/golden');

const chartOf = (set: string): Changeable[] =>
  parseAllDocuments(readFileSync(join(charts, `${set}.yaml`), 'utf8')).map((each) => each.toJS());

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** What a careful operator has. */
export async function cleanInstall(): Promise<() => Install> {
  const served = await makeCertificates('DNS:shop-ostiary.mesh.svc,DNS:shop-ostiary-headless.mesh.svc');
  const hooked = await makeCertificates('DNS:ostiary-inject.mesh.svc');
  const secret = (name: string, from: typeof served) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/tls',
    metadata: { name, namespace: 'mesh' },
    data: {
      'tls.crt': base64(from.text('server.crt')),
      'tls.key': base64(from.text('server.key')),
      'ca.crt': base64(from.text('ca.crt')),
    },
  });
  const caBundle = base64(hooked.text('ca.crt'));
  const asked = 'shop-ostiary.mesh.svc.cluster.local:9191';
  const orders = { app: 'orders' };
  const build = (): Install => ({
    objects: [
      namespace('kube-system'),
      namespace('istio-system'),
      namespace('mesh'),
      namespace('shop', { 'istio-injection': 'enabled' }),
      namespace('ambient', { 'istio.io/dataplane-mode': 'ambient', 'istio.io/use-waypoint': 'waypoint' }),
      ...withTls(chartOf('default')),
      secret('ostiary-tls', served),
      secret('ostiary-webhook', hooked),
      service('orders', 'shop', orders),
      deployment('orders', 'shop', orders),
      service('users', 'ambient', { app: 'users' }),
      deployment('users', 'ambient', { app: 'users' }),
      ...generate(
        'envoyfilter --namespace shop --selector app=orders --ostiary unix:/run/ostiary/ostiary.sock --route-api 80=orders --access-log',
      ).documents,
      gateway('eg', 'istio-ingress', 'istio'),
      ...generate(
        `envoyfilter --name gate --namespace istio-ingress --placement gateway --target Gateway/eg --ostiary ${asked} --access-log`,
      ).documents,
      gateway('waypoint', 'ambient', 'istio-waypoint'),
      ...generate('extension-provider --namespace ambient --target Gateway/waypoint --access-log').documents,
      ...generate(`mesh-config --ostiary ${asked} --access-log`).documents,
      route('orders', 'istio-ingress'),
      ...generate(`security-policy --namespace istio-ingress --target HTTPRoute/orders --ostiary ${asked} --access-log`)
        .documents,
      webhook(caBundle),
      { ...service('ostiary-inject', 'mesh', {}), spec: { ports: [{ name: 'https', port: 443 }] } },
      binding(),
    ],
    pods: [pod('orders-1', 'shop', orders)],
    envoys: generate('bootstrap --access-log --api orders').documents as Changeable[],
    documents: [
      api('orders', { policies: [{ policyRef: { name: 'client-id-enforcement' } }] }),
      client('web'),
      contract('web', 'orders'),
    ],
    redis: [
      {
        name: 'redis:6379',
        info: new Map([
          ['role', 'master'],
          ['maxmemory', '1000'],
          ['used_memory', '100'],
        ]),
        config: new Map([
          ['maxmemory-policy', 'noeviction'],
          ['appendonly', 'yes'],
          ['save', ''],
        ]),
        clockOffsetMs: 20,
      },
    ],
    services: [
      {
        name: 'http://ostiary:9190',
        notReady: undefined,
        clockOffsetMs: 0,
        metrics: [
          {
            name: 'ostiary_checks_total',
            labels: { api: 'orders', outcome: 'deny', reason: 'client_rejected' },
            value: 9,
          },
          { name: 'ostiary_control_connected', labels: {}, value: 1 },
        ],
      },
    ],
    sidecars: [{ node: 'eu-1', of: 'http://control:9195', stale: undefined }],
    certificates: [
      {
        place: { object: 'Envoy', field: 'certificate' },
        notBefore: Date.now() - 1e9,
        notAfter: Date.now() + 1e11,
        names: [],
      },
    ],
    isCluster: false,
  });
  return () => structuredClone(build());
}

function withTls(objects: Changeable[]): Changeable[] {
  const found = objects.find(({ kind }) => kind === 'Deployment');
  found.spec.template.spec.volumes.push({ name: 'tls', secret: { secretName: 'ostiary-tls' } });
  // Deciding needs no Secret beside it.
  return objects.filter(({ kind }) => kind !== 'Pod');
}

/** What the doctor would have collected of it: from files, or from a cluster. */
export async function worldOf(install: Install): Promise<World> {
  const { objects, pods, envoys, documents, isCluster, redis, services, sidecars, certificates } = install;
  const files = [...objects, ...envoys].map((each, at) => ({ name: `file-${at}.json`, text: JSON.stringify(each) }));
  const read = readFiles(files);
  const kinds = ['Namespace', 'Service', 'Pod', 'Secret', 'Gateway', 'HTTPRoute', 'Deployment', 'Api'];
  return {
    ...NOTHING,
    resources: isCluster
      ? [...objects, ...pods].map((each) => resourceOf(each as Record<string, unknown>))
      : read.resources,
    isCluster,
    listed: new Set(isCluster ? kinds.filter((kind) => kind !== 'Api' && kind !== 'HTTPRoute') : []),
    envoys: read.envoys,
    documents: await compiled(documents),
    redis,
    services,
    sidecars,
    certificates,
    unlooked: read.unlooked,
    now: Date.now(),
  };
}

const known = new Map<string, Promise<World['documents']>>();

/** Most tests have the same. */
function compiled(documents: readonly Document[]): Promise<World['documents']> {
  const key = JSON.stringify(documents);
  const found = known.get(key) ?? readDocuments([documentsFolder(documents)], [], process.env);
  known.set(key, found);
  return found;
}
