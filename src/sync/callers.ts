import { hash, randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Call } from '../grpc/rpc.ts';
import { scopeText } from './scope.ts';
import type { Scope } from './scope.ts';
import type { Joined, SidecarIdentity, SidecarStore } from './sidecar-store.ts';
import type { Vouched, VouchedPod, VouchedWorkload, Vouching } from './vouching.ts';

export interface CallersPorts {
  readonly store: Pick<SidecarStore, 'identify'>;
  /** How sidecars are let in that come from an address. */
  readonly admission: (address: string) => Admission;
  /** Undefined: sidecars join by tokens of ours alone. */
  readonly vouching: Vouching | undefined;
  readonly clock: Clock;
}

export type Admission = Pick<SidecarStore, 'join' | 'admit'>;

export interface JoinedCaller {
  readonly node: string;
  /** Empty: what the caller has joined with is what it calls with. */
  readonly credential: string;
  readonly scope: Scope;
}

/** A sidecar that has proved who it is. */
export interface IdentifiedCaller extends SidecarIdentity {
  /** When the proof ends, in milliseconds since the Unix epoch. */
  readonly expiresAt: number;
}

type Asked = { readonly node: string; readonly version: string };

const NODE_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;
/** Ours have no dot. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;
const JOIN_AGAIN = 'the credential is unknown here: the sidecar has to join';

export function secretHash(secret: string): string {
  return hash('sha256', secret);
}

/**
 * Who calls: by a join token and the credential that it was exchanged for; by a client certificate, with such a
 * credential; or by a cluster's token of the pod. What a caller says of itself decides nothing.
 */
export class Callers {
  readonly #ports: CallersPorts;

  constructor(ports: CallersPorts) {
    this.#ports = ports;
  }

  /** @throws RpcError (rejects with it) */
  async join(call: Call, asked: Asked): Promise<JoinedCaller> {
    if (!NODE_NAME.test(asked.node))
      throw new RpcError(Code.invalidArgument, 'node: expected letters and digits, with ".", "_" or "-" between them');
    const token = bearerOf(call.authorization);
    const admission = this.#ports.admission(call.address ?? '');
    if (token === undefined) return this.#joinWorkload(this.#workloadOf(call), asked, admission);
    return JWT.test(token) ? this.#joinPod(token, asked, admission) : this.#joinByToken(token, asked, admission);
  }

  async #joinByToken(token: string, { node, version }: Asked, admission: Admission): Promise<JoinedCaller> {
    const credential = newCredential();
    const at = this.#ports.clock.now();
    const [tokenHash, credentialHash] = [secretHash(token), secretHash(credential)];
    const joined = await answered(admission.join({ tokenHash, credentialHash, node, version, at }));
    return { node, credential, scope: scopeOf(joined, node) };
  }

  async #joinPod(token: string, { version }: Asked, admission: Admission): Promise<JoinedCaller> {
    const pod = await this.#podOf(token);
    const { issuedAt, node, scope, subject } = pod;
    const at = this.#ports.clock.now();
    const credentialHash = hashOfPod(pod);
    const joined = await answered(admission.admit({ subject, credentialHash, node, version, scope, at, issuedAt }));
    return { node, credential: '', scope: scopeOf(joined, node) };
  }

  async #joinWorkload(
    { nodePrefix, scope, subject }: VouchedWorkload,
    { node: asked, version }: Asked,
    admission: Admission,
  ): Promise<JoinedCaller> {
    const credential = newCredential();
    const node = `${nodePrefix}/${asked}`;
    const at = this.#ports.clock.now();
    const credentialHash = secretHash(credential);
    const joined = await answered(admission.admit({ subject, credentialHash, node, version, scope, at }));
    return { node, credential, scope: scopeOf(joined, node) };
  }

  /** @throws RpcError (rejects with it) */
  async identify(call: Call): Promise<IdentifiedCaller> {
    const secret = bearerOf(call.authorization);
    if (secret === undefined) throw new RpcError(Code.unauthenticated, 'send "authorization: Bearer …"');
    if (JWT.test(secret)) {
      const pod = await this.#podOf(secret);
      return this.#known(hashOfPod(pod), () => pod);
    }
    return this.#known(secretHash(secret), (joinedBy) =>
      joinedBy.startsWith('spiffe://') ? this.#workloadOf(call) : undefined,
    );
  }

  /** @param vouchedFor what is said of the caller now; undefined: nobody else has to say anything */
  async #known(
    credentialHash: string,
    vouchedFor: (joinedBy: string) => Vouched | undefined,
  ): Promise<IdentifiedCaller> {
    const known = await answered(this.#ports.store.identify(credentialHash));
    if (known === undefined) throw new RpcError(Code.unauthenticated, JOIN_AGAIN);
    const vouched = vouchedFor(known.joinedBy);
    if (vouched === undefined) return { ...known, expiresAt: Infinity };
    if (vouched.subject !== known.joinedBy) throw new RpcError(Code.unauthenticated, JOIN_AGAIN);
    if (scopeText(vouched.scope) !== scopeText(known.scope))
      throw new RpcError(Code.unauthenticated, 'what this sidecar may see has changed: it has to join again');
    return { ...known, expiresAt: vouched.expiresAt };
  }

  #podOf(token: string): Promise<VouchedPod> {
    const { vouching } = this.#ports;
    if (vouching !== undefined) return vouching.ofToken(token);
    throw new RpcError(Code.unauthenticated, 'tokens of Kubernetes are not taken here (--trust-kubernetes)');
  }

  #workloadOf(call: Call): VouchedWorkload {
    const certificate = call.clientCertificate?.();
    const { vouching } = this.#ports;
    if (certificate !== undefined && vouching !== undefined) return vouching.ofCertificate(certificate);
    throw new RpcError(
      Code.unauthenticated,
      'send "authorization: Bearer …", or show a client certificate of an authority that is trusted here',
    );
  }
}

function newCredential(): string {
  return randomBytes(32).toString('base64url');
}

/** A pod has no credential but its token, and that is another one each hour. */
function hashOfPod({ instance, subject }: VouchedPod): string {
  return secretHash(`${subject}\n${instance}`);
}

/** @throws RpcError */
function scopeOf(joined: Joined, node: string): Scope {
  if (joined.result === 'joined') return joined.scope;
  if (joined.result === 'bad_token')
    throw new RpcError(
      Code.unauthenticated,
      'the join token is unknown, has expired or was used up: make another with ostiary token create --sidecar',
    );
  if (joined.result === 'outdated')
    throw new RpcError(Code.unauthenticated, `another pod has taken the place of ${node} since this token was issued`);
  throw new RpcError(
    Code.permissionDenied,
    `${node} has joined with another token: ostiary sidecars forget ${node} lets it join again`,
  );
}

function bearerOf(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization === '') return undefined;
  const token = /^bearer ([\x21-\x7e]{1,12000})$/i.exec(authorization)?.[1];
  if (token === undefined) throw new RpcError(Code.unauthenticated, 'send "authorization: Bearer …"');
  return token;
}

/** What the database does not answer now, it may answer later. */
export async function answered<T>(asking: Promise<T>): Promise<T> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof RpcError) throw error;
    throw new RpcError(Code.unavailable, 'the control plane can not read its database now');
  }
}
