import { setTimeout as sleep } from 'node:timers/promises';
import { startIstiod } from '../real/istiod.ts';
import type { RealIstiod } from '../real/istiod.ts';
import { startKubernetes } from '../real/kubernetes.ts';
import type { ApplicableObject, RealKubernetes } from '../real/kubernetes.ts';
import { createPodNetwork } from '../real/pods.ts';
import type { PodNetwork } from '../real/pods.ts';
import { gatewayDefinitions, istioDefinitions } from './definitions.ts';

/** A cluster without nodes, Istio's control plane, and a network on which tests are the nodes. */
export interface Mesh {
  readonly kubernetes: RealKubernetes;
  readonly istiod: RealIstiod;
  readonly network: PodNetwork;
  /** @throws Error with the API server's words */
  apply(...objects: readonly object[]): Promise<void>;
  remove(...objects: readonly object[]): Promise<void>;
  close(): Promise<void>;
}

export const OSTIARY_PORT = 9191;

/** @param meshConfig Istio's mesh configuration */
export async function startMesh(meshConfig: object): Promise<Mesh> {
  const kubernetes = await startKubernetes();
  const network = await createPodNetwork();
  const apply: Mesh['apply'] = async (...objects) => {
    for (const object of objects as readonly ApplicableObject[]) {
      const { status, body } = await kubernetes.apply(object, false);
      if (status >= 300) throw new Error(`${object.kind} ${object.metadata.name}: ${String(body['message'])}`);
    }
  };
  await apply(...(await istioDefinitions()), ...(await gatewayDefinitions()));
  const groups = ['networking.istio.io/v1', 'security.istio.io/v1', 'gateway.networking.k8s.io/v1'];
  for (const group of groups) {
    while ((await kubernetes.ask('GET', `/apis/${group}`)).status !== 200) await sleep(100);
  }
  for (const name of ['istio-system', 'shop', 'ostiary'])
    await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  // Certificates come from Istio's agent, which these pods don't have.
  await apply({
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name: 'default', namespace: 'istio-system' },
    spec: { mtls: { mode: 'DISABLE' } },
  });
  const istiod = await startIstiod(kubernetes.kubeconfig, { ...meshConfig, rootNamespace: 'istio-system' });
  return {
    kubernetes,
    istiod,
    network,
    apply,
    async remove(...objects) {
      for (const object of objects as readonly ApplicableObject[]) await kubernetes.remove(object);
    },
    async close() {
      await istiod.stop();
      await kubernetes.stop();
      await network.close();
    },
  };
}

export interface ServiceOptions {
  readonly name: string;
  readonly namespace: string;
  readonly clusterIp: string;
  readonly address: string;
  /** Port of the Service, port of the pod, and the port's name, which says its protocol or nothing. */
  readonly ports: readonly (readonly [port: number, targetPort: number, name: string])[];
}

/** A Service and what it leads to. */
export function serviceOf({ name, namespace, clusterIp, address, ports }: ServiceOptions): readonly object[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      spec: {
        clusterIP: clusterIp,
        selector: { app: name },
        ports: ports.map(([port, targetPort, portName]) => ({ port, targetPort, name: portName, protocol: 'TCP' })),
      },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${name}-1`, namespace, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
      ports: ports.map(([, targetPort, portName]) => ({ port: targetPort, name: portName, protocol: 'TCP' })),
    },
  ];
}
