import { seconds } from './ext-authz.ts';
import { logProvider } from './telemetry.ts';
import { policySelection } from './target.ts';
import type { Whose } from './target.ts';

export interface ExtensionProviderOptions {
  /** Of the policy. */
  readonly name: string;
  /** Where the policy is put: the namespace of the workloads, the Gateway or the Service. */
  readonly namespace: string;
  /** The provider's name in the mesh configuration. */
  readonly provider: string;
  readonly whose: Whose;
}

export interface MeshConfigOptions {
  readonly provider: string;
  /** The name of a Kubernetes service as Istio knows it, with its namespace; not a headless one. */
  readonly service: string;
  readonly port: number;
  readonly timeoutMs: number;
  /** Envoy sends bodies up to this size. Absent or 0: it sends none. */
  readonly requestBodyBytes?: number;
  /** With a provider of the access log too. */
  readonly accessLog?: boolean;
}

/** The provider, as it stands in Istio's mesh configuration. It can't set raw headers. */
export function meshConfig(options: MeshConfigOptions): object {
  const { provider, service, port, timeoutMs, requestBodyBytes = 0, accessLog = false } = options;
  const body = { maxRequestBytes: requestBodyBytes, allowPartialMessage: false, packAsBytes: true };
  const envoyExtAuthzGrpc = {
    service,
    port,
    timeout: seconds(timeoutMs),
    failOpen: false,
    statusOnError: '503',
    ...(requestBodyBytes === 0 ? {} : { includeRequestBodyInCheck: body }),
  };
  const logs = accessLog ? [logProvider({ provider, service, port })] : [];
  return { meshConfig: { extensionProviders: [{ name: provider, envoyExtAuthzGrpc }, ...logs] } };
}

/** Istio's own way to ask ostiary: an `AuthorizationPolicy` that names the provider. It guards TCP too. */
export function customPolicy({ name, namespace, provider, whose }: ExtensionProviderOptions): object {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name, namespace },
    spec: { ...policySelection(whose), action: 'CUSTOM', provider: { name: provider }, rules: [{}] },
  };
}

/** Lets proxies use only the mesh's mutual TLS towards ostiary. */
export function meshTlsRule({ service, identity }: { service: string; identity: string }): object {
  const [name = '', namespace = 'default'] = service.split('.');
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name, namespace },
    spec: { host: service, trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL', subjectAltNames: [identity] } } },
  };
}
