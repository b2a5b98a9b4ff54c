import type { ClientCertificate } from '../grpc/rpc.ts';
import type { Scope } from './scope.ts';

/** What somebody whom the control plane trusts says of a caller: a mesh by a certificate, a cluster by a token. */
export interface Vouched {
  /** Who vouches, and for whom, such as `spiffe://cluster.local/ns/shop/sa/web`: nobody else has its nodes. */
  readonly subject: string;
  readonly scope: Scope;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number;
}

/** A token that is of one pod: the pod is the node, and the token is shown again with each call. */
export interface VouchedPod extends Vouched {
  readonly node: string;
  /** No two pods have the same, even of one name. */
  readonly instance: string;
  /** Milliseconds since the Unix epoch. */
  readonly issuedAt: number;
}

/** A certificate of a workload, which may be many nodes: each joins by a name below its own. */
export interface VouchedWorkload extends Vouched {
  readonly nodePrefix: string;
}

/** Each throws RpcError (the first rejects with it) that says why it does not vouch. */
export interface Vouching {
  ofToken(token: string): Promise<VouchedPod>;
  ofCertificate(certificate: ClientCertificate): VouchedWorkload;
}
