import { LOGGED } from './access-logger.ts';
import { policySelection } from './target.ts';
import type { Whose } from './target.ts';

/** The name of the access log's provider, from the name of the provider that asks. */
export function logProviderName(provider: string): string {
  return `${provider}-log`;
}

export interface LogProviderOptions {
  /** The name of the provider that asks. */
  readonly provider: string;
  /** The service's name in Istio, with its namespace; not a headless one. */
  readonly service: string;
  readonly port: number;
}

/** An entry of `extensionProviders` in Istio's mesh configuration. The size of Envoy's buffer can't be set in it. */
export function logProvider({ provider, service, port }: LogProviderOptions): object {
  const envoyHttpAls = {
    service,
    port,
    logName: 'ostiary',
    additionalRequestHeadersToLog: LOGGED.requestHeaders,
    additionalResponseHeadersToLog: LOGGED.responseHeaders,
    additionalResponseTrailersToLog: LOGGED.responseTrailers,
  };
  return { name: logProviderName(provider), envoyHttpAls };
}

export interface TelemetryOptions {
  readonly name: string;
  readonly namespace: string;
  /** The provider that asks. */
  readonly provider: string;
  readonly whose: Whose;
  /** Providers of other logs of the same proxies: a Telemetry replaces what the mesh has configured. */
  readonly others: readonly string[];
  /** True: requests that the pods send themselves are not logged, because they are not checked there. */
  readonly inboundOnly: boolean;
}

/** Istio's `Telemetry` that makes proxies stream their access log to ostiary. Waypoints support no other way. */
export function accessLogTelemetry(options: TelemetryOptions): object {
  const { name, namespace, provider, whose, others, inboundOnly } = options;
  const providers = [logProviderName(provider), ...others].map((each) => ({ name: each }));
  return {
    apiVersion: 'telemetry.istio.io/v1',
    kind: 'Telemetry',
    metadata: { name, namespace },
    spec: {
      ...policySelection(whose),
      accessLogging: [{ ...(inboundOnly && { match: { mode: 'SERVER' } }), providers }],
    },
  };
}
