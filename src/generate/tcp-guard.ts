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
 * Closes what an HTTP filter leaves open: Istio looks at the first bytes that come to a port without a
 * protocol, and what is no HTTP/1.1 or HTTP/2 to it (HTTP/1.0, a line break ahead) goes by its TCP chain, where no
 * HTTP filter runs. Every HTTP request has a method, so of HTTP this denies nothing; of a DENY policy
 * Istio leaves out what TCP does not have, so there it denies everything. An ALLOW policy would do
 * too, but widens whatever other ALLOW policies permit.
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
