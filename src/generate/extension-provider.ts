import { seconds } from './ext-authz.ts';

export interface ExtensionProviderOptions {
  readonly name: string;
  /** Where the `AuthorizationPolicy` is put: the namespace of the workloads. */
  readonly namespace: string;
  /** The name of a Kubernetes service as Istio knows it, with its namespace. */
  readonly service: string;
  readonly port: number;
  readonly timeoutMs: number;
  /** The workloads that ask; none: all of the namespace. */
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Istio's other way: a provider in the mesh configuration and an `AuthorizationPolicy` that names
 * it. It can't set an API per route, raw headers or metadata namespaces.
 */
export function extensionProvider(options: ExtensionProviderOptions): readonly [meshConfig: object, policy: object] {
  const { name, namespace, service, port, timeoutMs, labels } = options;
  const provider = {
    name,
    envoyExtAuthzGrpc: { service, port, timeout: seconds(timeoutMs), failOpen: false, statusOnError: '503' },
  };
  const selector = Object.keys(labels).length === 0 ? {} : { selector: { matchLabels: labels } };
  return [
    { meshConfig: { extensionProviders: [provider] } },
    {
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: { name, namespace },
      spec: { ...selector, action: 'CUSTOM', provider: { name }, rules: [{}] },
    },
  ];
}
