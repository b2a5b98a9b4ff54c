import { LOGGED } from './access-logger.ts';

const GROUP = 'gateway.envoyproxy.io';

type Resource = Readonly<Record<'apiVersion' | 'kind', string>> & Readonly<Record<'metadata' | 'spec', object>>;

interface ServiceAddress {
  readonly name: string;
  readonly namespace: string;
  readonly port: number;
}

export interface SecurityPolicyOptions {
  readonly name: string;
  readonly namespace: string;
  readonly target: { readonly kind: 'Gateway' | 'HTTPRoute' | 'GRPCRoute'; readonly name: string };
  readonly service: ServiceAddress;
  readonly timeoutMs: number;
  /** Undefined: ostiary finds the API by host and path. */
  readonly api: string | undefined;
  /** Whether proxies stream their access log to ostiary. */
  readonly accessLog: boolean;
}

/**
 * Envoy Gateway's `SecurityPolicy` (`gateway.envoyproxy.io/v1alpha1`, 1.9 or later), the `EnvoyProxy` whose proxies stream
 * their access log, and the `ReferenceGrant` that both need where ostiary is in another namespace.
 */
export function securityPolicy(options: SecurityPolicyOptions): readonly object[] {
  const { name, namespace, target, service, timeoutMs, api, accessLog } = options;
  const policy: Resource = {
    apiVersion: `${GROUP}/v1alpha1`,
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
  const documents = accessLog ? [policy, loggingProxy(name, namespace, service)] : [policy];
  if (service.namespace === namespace) return documents;
  const grant = {
    apiVersion: 'gateway.networking.k8s.io/v1beta1',
    kind: 'ReferenceGrant',
    metadata: { name: `${name}-from-${namespace}`, namespace: service.namespace },
    spec: {
      from: documents.map(({ kind }) => ({ group: GROUP, kind, namespace })),
      to: [{ group: '', kind: 'Service', name: service.name }],
    },
  };
  return [...documents, grant];
}

/** The size of Envoy's buffer can't be set in it. */
function loggingProxy(name: string, namespace: string, service: ServiceAddress): Resource {
  const als = {
    backendRefs: [{ group: '', kind: 'Service', ...service }],
    logName: 'ostiary',
    type: 'HTTP',
    http: {
      requestHeaders: LOGGED.requestHeaders,
      responseHeaders: LOGGED.responseHeaders,
      responseTrailers: LOGGED.responseTrailers,
    },
  };
  return {
    apiVersion: `${GROUP}/v1alpha1`,
    kind: 'EnvoyProxy',
    metadata: { name, namespace },
    spec: {
      telemetry: {
        accessLog: {
          settings: [
            { sinks: [{ type: 'ALS', als }] },
            // Settings take the place of the log that Envoy Gateway writes by itself.
            { sinks: [{ type: 'File', file: { path: '/dev/stdout' } }] },
          ],
        },
      },
    },
  };
}
