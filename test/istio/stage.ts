import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { partOrSkip } from '../real/parts.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import type { PodSpace } from '../real/pods.ts';
import { scratchFolder } from '../real/scratch.ts';
import { documentsFolder } from '../e2e/documents.ts';
import type { Document } from '../e2e/documents.ts';
import { generate } from '../generate/generated.ts';
import { createAuthority, startAgent } from './agent.ts';
import type { Agent, Authority } from './agent.ts';
import { OSTIARY_PORT, serviceOf, startMesh } from './mesh.ts';
import type { Mesh } from './mesh.ts';
import { startProxy } from './proxy.ts';
import type { ProxyOptions, RealProxy } from './proxy.ts';

/** A mesh with an ostiary that its proxies can ask, and pods for the proxies. */
export interface Stage {
  readonly mesh: Mesh;
  readonly ostiary: RealOstiary;
  readonly authority: Authority;
  /** Lines of the access log that the mesh itself has configured, of all proxies. */
  meshLog(): readonly string[];
  /** A pod of the namespace, with an API behind its ports. */
  addPod(pod: PodOptions): Promise<StagePod>;
  close(): Promise<void>;
}

export interface PodOptions extends Pick<ProxyOptions, 'kind' | 'name' | 'listeners' | 'clusters' | 'annotations'> {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Where the pod finds `ostiary-headless.ostiary.svc.cluster.local`; the default is this machine's own ostiary. */
  readonly ostiaryAddress?: string;
  /** Ports on which an API answers every request. */
  readonly apiPorts: readonly number[];
}

export interface StagePod {
  readonly space: PodSpace;
  readonly address: string;
  /** Its proxy starts here, so that Services that lead to the pod are there before. */
  startProxy(): Promise<RealProxy>;
}

export const istioParts = [
  await partOrSkip('envoy'),
  await partOrSkip('etcd'),
  await partOrSkip('kube-apiserver'),
  await partOrSkip('istiod'),
  await partOrSkip('nft'),
];

/** Answers 200 to whatever it takes for HTTP, HTTP/1.0 and line breaks ahead included, as most servers do. */
const api = (ports: readonly number[]) => `
  const { createServer } = require('node:http');
  for (const port of ${JSON.stringify(ports)})
    createServer((request, response) => response.end(JSON.stringify(request.headers))).listen(port, '0.0.0.0');`;

export async function openStage(documents: readonly Document[]): Promise<Stage> {
  const provider = generate('mesh-config --access-log').documents as unknown as readonly [
    { meshConfig: { extensionProviders: object[] } },
  ];
  // With a log of Istio's own, which ostiary's must not take the place of.
  const meshLogFile = join(scratchFolder('mesh-log'), 'requests');
  const [{ meshConfig }] = provider;
  const mesh = await startMesh({
    accessLogFile: meshLogFile,
    extensionProviders: [
      ...meshConfig.extensionProviders,
      { name: 'mesh-log', envoyFileAccessLog: { path: meshLogFile } },
    ],
  });
  const { hostAddress } = mesh.network;
  const listen = `${hostAddress}:${OSTIARY_PORT}`;
  const ostiary = await startOstiary({ policies: documentsFolder(documents), listen });
  const authority = await createAuthority();
  const agents: Agent[] = [];
  const stops: (() => Promise<void>)[] = [];
  await mesh.apply(
    ...serviceOf({
      name: 'ostiary',
      namespace: 'ostiary',
      clusterIp: '10.0.0.20',
      address: hostAddress,
      ports: [[OSTIARY_PORT, OSTIARY_PORT, 'grpc-checks']],
    }),
  );
  return {
    mesh,
    ostiary,
    authority,
    meshLog: () => readFileSync(meshLogFile, 'utf8').split('\n').slice(0, -1),
    async addPod({ apiPorts, ostiaryAddress = hostAddress, ...pod }) {
      const { kind, name, namespace, labels } = pod;
      const space = await mesh.network.addPod(name, { 'ostiary-headless.ostiary.svc.cluster.local': ostiaryAddress });
      const meta = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels } };
      await mesh.apply({ ...meta, spec: { containers: [{ name: 'app', image: 'app' }] } });
      const ready = { phase: 'Running', podIP: space.address, podIPs: [{ ip: space.address }] };
      await mesh.kubernetes.applyStatus({ ...meta, status: ready } as never);
      if (apiPorts.length > 0) {
        const upstream = await space.start(process.execPath, ['-e', api(apiPorts)]);
        stops.push(() => upstream.stop());
      }
      if (kind === 'sidecar') await space.interceptInbound(15_006, [15_000]);
      return {
        space,
        address: space.address,
        async startProxy() {
          const agent = await startAgent(hostAddress, authority, `spiffe://cluster.local/ns/${namespace}/sa/default`);
          agents.push(agent);
          const proxy = await startProxy(space, {
            ...pod,
            control: { address: hostAddress, port: mesh.istiod.xdsPort },
            agent: { address: hostAddress, port: agent.port },
          });
          stops.push(() => proxy.stop());
          return proxy;
        },
      };
    },
    async close() {
      for (const stop of stops) await stop();
      for (const agent of agents) agent.stop();
      await ostiary.stop();
      await mesh.close();
    },
  };
}
