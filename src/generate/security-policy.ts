export interface SecurityPolicyOptions {
  readonly name: string;
  readonly namespace: string;
  readonly target: { readonly kind: 'Gateway' | 'HTTPRoute' | 'GRPCRoute'; readonly name: string };
  readonly service: { readonly name: string; readonly namespace: string; readonly port: number };
  readonly timeoutMs: number;
  /** Undefined: ostiary finds the API by host and path. */
  readonly api: string | undefined;
}

/**
 * Envoy Gateway's `SecurityPolicy` (`gateway.envoyproxy.io/v1alpha1`, 1.9 or later), and the
 * `ReferenceGrant` that it needs where ostiary is in another namespace.
 */
export function securityPolicy(options: SecurityPolicyOptions): readonly object[] {
  const { name, namespace, target, service, timeoutMs, api } = options;
  const group = 'gateway.envoyproxy.io';
  const policy = {
    apiVersion: `${group}/v1alpha1`,
    kind: 'SecurityPolicy',
    metadata: { name, namespace },
    spec: {
      targetRefs: [{ group: 'gateway.networking.k8s.io', ...target }],
      extAuth: {
        failOpen: false,
        statusOnError: 503,
        timeout: `${timeoutMs}ms`,
        grpc: { backendRefs: [{ group: '', kind: 'Service', ...service }] },
        ...(api === undefined ? {} : { contextExtensions: [{ name: 'ostiary.api', type: 'Value', value: api }] }),
      },
    },
  };
  if (service.namespace === namespace) return [policy];
  const grant = {
    apiVersion: 'gateway.networking.k8s.io/v1beta1',
    kind: 'ReferenceGrant',
    metadata: { name: `${name}-from-${namespace}`, namespace: service.namespace },
    spec: {
      from: [{ group, kind: 'SecurityPolicy', namespace }],
      to: [{ group: '', kind: 'Service', name: service.name }],
    },
  };
  return [policy, grant];
}
