/** How Envoy authenticates ostiary and encrypts the connection. */
export type UpstreamTls =
  /** ostiary's own certificate (`--tls-cert`), of one of these authorities. */
  | {
      readonly by: 'authority';
      /** PEM. */
      readonly authorities: string;
      /** A DNS name of the certificate. */
      readonly name: string;
      /** Files on Envoy's machine, where ostiary asks for a certificate (`--tls-client-ca`). */
      readonly client: { readonly certificate: string; readonly key: string } | undefined;
    }
  /** The mesh's certificates on both sides: ostiary's pods have a sidecar. */
  | {
      readonly by: 'mesh';
      /** The SPIFFE id of ostiary's workload in the mesh: `spiffe://cluster.local/ns/ostiary/sa/ostiary`. */
      readonly identity: string;
    };

/** Envoy's `transport_socket` of the cluster that leads to ostiary. */
export function transportSocket(tls: UpstreamTls): object {
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
      ...(tls.by === 'mesh' ? meshContext(tls.identity) : authorityContext(tls)),
    },
  };
}

function authorityContext({ authorities, name, client }: UpstreamTls & { by: 'authority' }): object {
  return {
    sni: name,
    common_tls_context: {
      alpn_protocols: ['h2'],
      tls_params: { tls_minimum_protocol_version: 'TLSv1_2' },
      ...(client === undefined
        ? {}
        : {
            tls_certificates: [
              { certificate_chain: { filename: client.certificate }, private_key: { filename: client.key } },
            ],
          }),
      validation_context: {
        trusted_ca: { inline_string: authorities },
        match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: name } }],
      },
    },
  };
}

const AGENT = {
  api_config_source: {
    api_type: 'GRPC',
    grpc_services: [{ envoy_grpc: { cluster_name: 'sds-grpc' } }],
    set_node_on_first_message_only: true,
    transport_api_version: 'V3',
  },
  initial_fetch_timeout: '0s',
  resource_api_version: 'V3',
};

/** As in Istio's own clusters: certificates come from the agent in the pod. */
function meshContext(identity: string): object {
  return {
    common_tls_context: {
      // The first protocol tells ostiary's sidecar that this is the mesh's TLS.
      alpn_protocols: ['istio', 'h2'],
      tls_params: { tls_minimum_protocol_version: 'TLSv1_2' },
      tls_certificate_sds_secret_configs: [{ name: 'default', sds_config: AGENT }],
      combined_validation_context: {
        default_validation_context: {
          match_typed_subject_alt_names: [{ san_type: 'URI', matcher: { exact: identity } }],
        },
        validation_context_sds_secret_config: { name: 'ROOTCA', sds_config: AGENT },
      },
    },
  };
}
