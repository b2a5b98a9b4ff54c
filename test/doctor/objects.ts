/** An object of Kubernetes as a test changes it. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests reach anywhere into it
export type Changeable = any;

export const namespace = (name: string, labels: Readonly<Record<string, string>> = {}) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: { 'kubernetes.io/metadata.name': name, ...labels } },
});

export const service = (name: string, space: string, selector: Readonly<Record<string, string>>): Changeable => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: space },
  spec: { selector, ports: [{ name: 'http', port: 80, targetPort: 'web' }] },
});

const CONTAINER = { name: 'app', image: 'app:1', ports: [{ name: 'web', containerPort: 8080 }] };

export const deployment = (name: string, space: string, labels: Readonly<Record<string, string>>): Changeable => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: space },
  spec: {
    replicas: 2,
    template: {
      metadata: { labels, annotations: { 'inject.istio.io/templates': 'sidecar,ostiary' } },
      spec: { containers: [CONTAINER] },
    },
  },
});

export const pod = (name: string, space: string, labels: Readonly<Record<string, string>>): Changeable => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: space, labels },
  spec: {
    initContainers: [{ name: 'istio-proxy' }, { name: 'ostiary', args: ['serve'] }],
    containers: [CONTAINER],
  },
  status: { phase: 'Running', initContainerStatuses: [{ name: 'ostiary', ready: true }] },
});

export const gateway = (name: string, space: string, gatewayClassName: string): Changeable => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name, namespace: space },
  spec: { gatewayClassName, listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
});

export const route = (name: string, space: string): Changeable => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name, namespace: space },
  spec: {
    parentRefs: [{ name: 'eg' }],
    rules: [{ timeouts: { request: '10s' }, backendRefs: [{ name: 'orders', namespace: 'shop', port: 80 }] }],
  },
});

export const webhook = (caBundle: string): Changeable => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: { name: 'ostiary-inject' },
  webhooks: [
    {
      name: 'inject.ostiary.dev',
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      failurePolicy: 'Fail',
      clientConfig: { caBundle, service: { name: 'ostiary-inject', namespace: 'mesh', path: '/inject' } },
      namespaceSelector: { matchLabels: { 'ostiary.dev/inject': 'enabled' } },
      rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
    },
  ],
});

export const binding = (): Changeable => ({
  apiVersion: 'ostiary.dev/v1alpha1',
  kind: 'ApiBinding',
  metadata: { name: 'orders', namespace: 'shop', generation: 3 },
  spec: { apiRef: { name: 'orders' }, targetRef: { group: '', kind: 'Service', name: 'orders' } },
  status: {
    conditions: ['Accepted', 'ResolvedRefs', 'Programmed'].map((type) => ({
      type,
      status: 'True',
      observedGeneration: 3,
      reason: type,
      message: '',
    })),
  },
});
