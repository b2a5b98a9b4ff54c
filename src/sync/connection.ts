import type { ReportCall } from './report-link.ts';
import type { Scope } from './scope.ts';

export interface JoinedNode {
  /** By which the control plane knows the node. */
  readonly node: string;
  readonly credential: string;
  readonly scope: Scope;
}

/** What a sidecar needs of a connection to a control plane. */
export interface ControlConnection {
  /**
   * Exchanges a token for a credential.
   * @param token undefined: the connection's certificate says who this is
   * @returns without a credential: the token is what is to be called with
   * @throws CallFault (rejects with it)
   */
  join(token: string | undefined, node: string, version: string): Promise<JoinedNode>;
  follow(credential: string): FollowStream;
  /** On the same connection. */
  report(credential: string): ReportCall;
  close(): void;
}

export interface FollowStream {
  send(message: Uint8Array): void;
  /** Ends, or throws CallFault, when the stream does. */
  readonly messages: AsyncIterator<Uint8Array>;
  /** Our side has said all; what was sent still goes out. */
  end(): void;
  cancel(): void;
}

/** A call has ended with a status other than OK. */
export class CallFault extends Error {
  override name = 'CallFault';
  /** As gRPC numbers them. */
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
