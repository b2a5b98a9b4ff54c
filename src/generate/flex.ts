export interface FlexOptions {
  readonly name: string;
  /** The `ApiInstance` of Flex/Omni Gateway that the policy is for. */
  readonly apiInstance: string;
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
}

/**
 * MuleSoft Flex/Omni Gateway's External Authorization policy (local mode, 1.6.0 or later), which is
 * Envoy's ext_authz filter inside. It sends raw headers unless `FLEX_HEADER_RAW_VALUE_ENABLE=false`.
 */
export function flexPolicyBinding({ name, apiInstance, host, port, timeoutMs }: FlexOptions): object {
  return {
    apiVersion: 'gateway.mulesoft.com/v1alpha1',
    kind: 'PolicyBinding',
    metadata: { name },
    spec: {
      targetRef: { kind: 'ApiInstance', name: apiInstance },
      policyRef: { name: 'native-ext-authz-flex' },
      config: {
        uri: `h2://${host}:${port}`,
        serverType: 'grpc',
        serverVersion: 'v3',
        requestTimeout: timeoutMs,
        includePeerCertificate: false,
      },
    },
  };
}
