import { policySelection } from './target.ts';

export interface TcpGuardOptions {
  readonly name: string;
  readonly namespace: string;
  /** The pods whose sidecars ask; none: all of the namespace. */
  readonly labels: Readonly<Record<string, string>>;
  /** Ports of the pods whose TCP passes unasked, such as a database's. */
  readonly openTcpPorts: readonly number[];
}

/**
 * Closes a gap of HTTP filters: at a port without a protocol, Istio inspects the first bytes. Traffic that it does not
 * recognise as HTTP/1.1 or HTTP/2 (HTTP/1.0, a line break ahead) uses its TCP chain, where no HTTP filter runs. Every
 * HTTP request has a method, so this policy denies no HTTP. For TCP, Istio drops the conditions of a DENY policy that
 * TCP does not have, so the policy denies all TCP. An ALLOW policy would work too, but would widen what other ALLOW
 * policies permit.
 */
export function tcpGuard({ name, namespace, labels, openTcpPorts }: TcpGuardOptions): object {
  const ports = openTcpPorts.length === 0 ? {} : { notPorts: openTcpPorts.map(String) };
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: `${name}-tcp`, namespace },
    spec: {
      ...policySelection({ by: 'labels', labels }),
      action: 'DENY',
      rules: [{ to: [{ operation: { notMethods: ['*'], ...ports } }] }],
    },
  };
}
