import { api } from '../e2e/documents.ts';
import { objectOf, ordersOf, hookOf } from './planting.ts';
import type { Planted } from './planting.ts';

export const sidecarFaults: readonly Planted[] = [
  {
    code: 'OST301',
    what: 'a pod that keeps Envoy out',
    plant: (install) => (ordersOf(install).metadata.labels['sidecar.istio.io/inject'] = 'false'),
  },
  {
    code: 'OST301',
    what: "a pod in the node's network",
    plant: (install) => (ordersOf(install).spec.hostNetwork = true),
  },
  {
    code: 'OST301',
    what: 'a namespace without injection',
    plant: (install) => (objectOf(install, 'Namespace', 'shop').metadata.labels = {}),
  },
  {
    code: 'OST301',
    what: 'a running pod without Envoy',
    isInCluster: true,
    plant: (install) => install.pods[0].spec.initContainers.shift(),
  },
  {
    code: 'OST302',
    what: 'a pod that asks for no ostiary',
    plant: (install) => (ordersOf(install).metadata.annotations = {}),
  },
  {
    code: 'OST302',
    what: 'a running pod without ostiary',
    isInCluster: true,
    plant: (install) => install.pods[0].spec.initContainers.pop(),
  },
  {
    code: 'OST303',
    what: 'a port that bypasses Envoy',
    plant: (install) =>
      (ordersOf(install).metadata.annotations['traffic.sidecar.istio.io/excludeInboundPorts'] = '8080'),
  },
  {
    code: 'OST303',
    what: 'a list of ports that leaves one out',
    plant: (install) =>
      (ordersOf(install).metadata.annotations['traffic.sidecar.istio.io/includeInboundPorts'] = '9999'),
  },
  {
    code: 'OST304',
    what: 'a caBundle that is none',
    plant: (install) => (hookOf(install).clientConfig.caBundle = 'bm9uZQ=='),
  },
  {
    code: 'OST304',
    what: 'a webhook without a caBundle',
    isInCluster: true,
    plant: (install) => delete hookOf(install).clientConfig.caBundle,
  },
  {
    code: 'OST304',
    what: 'a caBundle of another authority',
    plant: (install) =>
      (hookOf(install).clientConfig.caBundle = objectOf(install, 'Secret', 'ostiary-tls').data['ca.crt']),
  },
  { code: 'OST305', what: 'a webhook that fails open', plant: (install) => (hookOf(install).failurePolicy = 'Ignore') },
  {
    code: 'OST306',
    what: 'a webhook for all namespaces',
    plant: (install) => delete hookOf(install).namespaceSelector,
  },
  {
    code: 'OST307',
    what: 'a webhook without its Service',
    plant: (install) => (hookOf(install).clientConfig.service.name = 'gone'),
  },
  {
    code: 'OST308',
    what: 'two replicas that count for themselves',
    plant: (install) => void (install.documents[0] = limited()),
  },
  {
    code: 'OST309',
    what: 'an ostiary that is not ready',
    plant: (install) => (install.services = install.services.map((each) => ({ ...each, notReady: 'no documents' }))),
  },
  {
    code: 'OST309',
    what: 'a container that is not ready',
    isInCluster: true,
    plant: (install) => (install.pods[0].status.initContainerStatuses[0].ready = false),
  },
];

function limited() {
  const rateLimits = [{ maximumRequests: 10, timePeriodInMilliseconds: 60_000 }];
  return api('orders', {
    policies: [
      { policyRef: { name: 'client-id-enforcement' } },
      { policyRef: { name: 'rate-limiting' }, config: { rateLimits } },
    ],
  });
}
