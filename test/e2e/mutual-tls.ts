import { request as httpsRequest } from 'node:https';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import type { WorkloadAuthority, WorkloadCertificate } from '../real/workload-certificates.ts';

/** How Envoy treats the header of callers: as Istio's sidecars do; `raw` sends headers to ostiary as they came. */
const FRONTS = {
  mesh: 'APPEND_FORWARD',
  raw: 'APPEND_FORWARD',
  // Of a caller's header Envoy leaves everything as it is: a mistake that is made.
  careless: 'ALWAYS_FORWARD_ONLY',
};

/** An Envoy with a listener of mutual TLS for each of {@link fronts}, and one without TLS: `plain`. */
export function mutualTlsEnvoy(authority: WorkloadAuthority, ostiary: string, upstreamPort: number): object {
  const names = [...Object.keys(FRONTS), 'plain'] as (keyof typeof FRONTS | 'plain')[];
  const made = JSON.parse(
    JSON.stringify(
      bootstrap({
        ostiary: { kind: 'tcp', host: '127.0.0.1', port: Number(ostiary.split(':').at(-1)) },
        timeoutMs: 10_000,
        listeners: names.map((name) => {
          const rawHeaders = name === 'raw';
          return { name, host: '127.0.0.1', port: 0, rawHeaders, normalizePath: true, api: undefined };
        }),
        upstream: { host: '127.0.0.1', port: upstreamPort },
      }),
    ),
  ) as Bootstrap;
  const own = authority.certify('URI:spiffe://cluster.local/ns/shop/sa/orders');
  for (const { name, filter_chains: chains } of made.static_resources.listeners) {
    if (!Object.hasOwn(FRONTS, name)) continue;
    Object.assign(chains[0].filters[0].typed_config, {
      forward_client_cert_details: FRONTS[name as keyof typeof FRONTS],
      set_current_client_cert_details: { uri: true, subject: true },
    });
    for (const filter of chains[0].filters[0].typed_config.http_filters) {
      if (filter.name === 'envoy.filters.http.ext_authz') filter.typed_config.include_peer_certificate = true;
    }
    Object.assign(chains[0], {
      transport_socket: {
        name: 'envoy.transport_sockets.tls',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
          common_tls_context: {
            tls_certificates: [
              { certificate_chain: { filename: own.certFile }, private_key: { filename: own.keyFile } },
            ],
            validation_context: { trusted_ca: { filename: authority.caFile } },
          },
        },
      },
    });
  }
  return made;
}

interface HttpFilter {
  readonly name: string;
  readonly typed_config: { include_peer_certificate?: boolean };
}

interface Bootstrap {
  readonly static_resources: {
    readonly listeners: readonly {
      readonly name: string;
      readonly filter_chains: [{ filters: [{ typed_config: { http_filters: readonly HttpFilter[] } }] }];
    }[];
  };
}

/** One request with a certificate of one's own, or without. */
export function callOver(
  port: number,
  path: string,
  { by, headers }: { by: WorkloadCertificate | undefined; headers: Record<string, string> },
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const own = by === undefined ? {} : { cert: by.cert, key: by.key };
    const options = { host: '127.0.0.1', port, path, headers, agent: false, rejectUnauthorized: false, ...own };
    const request = httpsRequest(options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.once('error', reject);
    });
    request.once('error', reject);
    request.end();
  });
}
