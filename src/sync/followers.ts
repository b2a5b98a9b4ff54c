import { hash, randomBytes } from 'node:crypto';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { FollowRequestSchema, JoinRequestSchema, JoinResponseSchema } from '../../gen/ostiary/v1/sync_pb.js';
import type { FollowRequest } from '../../gen/ostiary/v1/sync_pb.js';
import type { Clock, Timers } from '../clock.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Call, Method } from '../grpc/rpc.ts';
import type { Hub } from './hub.ts';
import { Presence } from './presence.ts';
import { Session } from './session.ts';
import type { SidecarIdentity, SidecarReport, SidecarStore } from './sidecar-store.ts';

export interface FollowersPorts {
  readonly hub: Hub;
  readonly store: SidecarStore;
  /** This control plane's, drawn at its start. */
  readonly instance: string;
  readonly clock: Clock;
  readonly timers: Timers;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly onFault: (detail: string) => void;
}

const SERVICE = '/ostiary.v1.SyncService';
const SWEEP_MS = 1000;
const TOUCH_MS = 10_000;
/** A stream whose first message has not come by then is ended. */
const HELLO_MS = 10_000;
const NODE_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;

export function secretHash(secret: string): string {
  return hash('sha256', secret);
}

/** The sidecars that follow this control plane, each by one stream. */
export class Followers {
  readonly #ports: FollowersPorts;
  readonly presence: Presence;
  readonly #sessions = new Map<string, Session>();
  /** By node: ends a stream whose Hello has not come yet. */
  readonly #arriving = new Map<string, (error: RpcError) => void>();
  readonly #stops: (() => void)[] = [];
  #seenHead = 0;
  #touchedAt = 0;

  constructor(ports: FollowersPorts) {
    const { hub, store, instance, timers, random, onFault } = ports;
    this.#ports = ports;
    this.presence = new Presence({
      store,
      instance,
      timers,
      random,
      onFault,
      onUnknown: (node) => this.endNode(node, 'this sidecar was forgotten: it has to join again'),
    });
    this.#stops.push(
      hub.onRestart(() => this.#endAll('the log of the control plane was replaced')),
      hub.onAdvance(() => this.#headMoved()),
    );
    this.#sweepLater();
  }

  /** How many there are. */
  get size(): number {
    return this.#sessions.size;
  }

  methods(): readonly Method[] {
    return [
      { kind: 'unary', path: `${SERVICE}/Join`, handle: (request, call) => this.#join(request, call) },
      { kind: 'bidirectional', path: `${SERVICE}/Follow`, handle: (requests, call) => this.#follow(requests, call) },
    ];
  }

  endNode(node: string, why: string): void {
    this.#sessions.get(node)?.end(new RpcError(Code.unauthenticated, why));
  }

  /** Those that were refused may be adopted now. */
  async lookAgain(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.lookAgain()));
  }

  async close(): Promise<void> {
    for (const stop of this.#stops.splice(0)) stop();
    this.#endAll('the control plane ends');
    await this.presence.flush();
  }

  #endAll(why: string): void {
    for (const session of this.#sessions.values()) session.end(new RpcError(Code.unavailable, why));
  }

  async #join(bytes: Uint8Array, { authorization }: Call): Promise<Uint8Array> {
    const token = bearerOf(authorization);
    const { node, version } = messageOf(() => fromBinary(JoinRequestSchema, bytes));
    if (!NODE_NAME.test(node))
      throw new RpcError(Code.invalidArgument, 'node: expected letters and digits, with ".", "_" or "-" between them');
    const credential = randomBytes(32).toString('base64url');
    const [tokenHash, credentialHash] = [secretHash(token), secretHash(credential)];
    const at = this.#ports.clock.now();
    const joined = await answered(this.#ports.store.join({ tokenHash, credentialHash, node, version, at }));
    if (joined.result === 'bad_token')
      throw new RpcError(
        Code.unauthenticated,
        'the join token is unknown, has expired or was used up: make another with ostiary token create --sidecar',
      );
    if (joined.result === 'taken')
      throw new RpcError(
        Code.permissionDenied,
        `${node} has joined with another token: ostiary sidecars forget ${node} lets it join again`,
      );
    const { namespaces, apis, labels } = joined.scope;
    const scope = { namespaces: [...namespaces], apis: [...apis], labels: { ...labels } };
    return toBinary(JoinResponseSchema, create(JoinResponseSchema, { credential, scope }));
  }

  async *#follow(requests: AsyncIterable<Uint8Array>, call: Call): AsyncGenerator<Uint8Array> {
    const credentialHash = secretHash(bearerOf(call.authorization));
    const identity = await answered(this.#ports.store.identify(credentialHash));
    if (identity === undefined)
      throw new RpcError(Code.unauthenticated, 'the credential is unknown here: the sidecar has to join');
    const incoming = requests[Symbol.asyncIterator]();
    const session = await this.#open(identity, incoming);
    const reading = this.#read(session, incoming);
    const abort = (): void => session.end();
    call.signal.addEventListener('abort', abort);
    try {
      yield* session.answers();
    } finally {
      call.signal.removeEventListener('abort', abort);
      this.#close(session);
      void incoming.return?.();
      void reading;
    }
  }

  async #open(identity: SidecarIdentity, incoming: AsyncIterator<Uint8Array>): Promise<Session> {
    const { hub, clock, store } = this.#ports;
    const first = await this.#firstOf(identity.node, incoming);
    const hello = first.done === true ? undefined : requestOf(first.value).message;
    if (hello?.case !== 'hello') throw new RpcError(Code.invalidArgument, 'the first message of a stream is a Hello');
    const changed = (report: SidecarReport): void => this.presence.tell(report);
    const adoptedAt = (history: string) => store.adoptedAt(history);
    const session = await answered(Session.open(identity, hello.value, { hub, clock, adoptedAt, changed }));
    // One that lost its connection may be back before that is known here.
    this.#sessions.get(identity.node)?.end(anotherStream());
    this.#sessions.set(identity.node, session);
    return session;
  }

  /** Of one node, one stream at a time may wait for its Hello: a credential that was stolen opens no thousands. */
  async #firstOf(node: string, incoming: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array>> {
    const { promise, reject } = Promise.withResolvers<never>();
    this.#arriving.get(node)?.(anotherStream());
    this.#arriving.set(node, reject);
    const cancel = this.#ports.timers.after(HELLO_MS, () =>
      reject(new RpcError(Code.deadlineExceeded, 'no Hello has come')),
    );
    try {
      return await Promise.race([incoming.next(), promise]);
    } finally {
      cancel();
      if (this.#arriving.get(node) === reject) this.#arriving.delete(node);
    }
  }

  #close(session: Session): void {
    session.close();
    const { node } = session.identity;
    if (this.#sessions.get(node) !== session) return;
    this.#sessions.delete(node);
    session.tellGone();
  }

  async #read(session: Session, incoming: AsyncIterator<Uint8Array>): Promise<void> {
    try {
      for (;;) {
        const { value, done } = await incoming.next();
        if (done === true) return session.end();
        session.hear(requestOf(value));
      }
    } catch (error) {
      session.end(error instanceof RpcError ? error : new RpcError(Code.cancelled, 'the stream has ended'));
    }
  }

  #headMoved(): void {
    const { revision } = this.#ports.hub.head;
    if (revision === this.#seenHead) return;
    this.#seenHead = revision;
    for (const session of this.#sessions.values()) session.headMoved();
  }

  #sweepLater(): void {
    const { clock, hub, instance, store, timers } = this.#ports;
    const cancel = timers.after(SWEEP_MS, () => {
      this.#stops.splice(this.#stops.indexOf(cancel), 1);
      for (const session of this.#sessions.values()) session.sweep();
      hub.sweep();
      if (clock.monotonic() - this.#touchedAt >= TOUCH_MS) {
        this.#touchedAt = clock.monotonic();
        // What fails is tried again with the next.
        void store.touch(instance, clock.now()).catch(() => {});
        // Another control plane may have been told to adopt them.
        void this.lookAgain().catch(() => {});
      }
      this.#sweepLater();
    });
    this.#stops.push(cancel);
  }
}

/** What the database does not answer now, it may answer later. */
async function answered<T>(asking: Promise<T>): Promise<T> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof RpcError) throw error;
    throw new RpcError(Code.unavailable, 'the control plane can not read its database now');
  }
}

function anotherStream(): RpcError {
  return new RpcError(Code.aborted, 'the sidecar has opened another stream');
}

/** @throws RpcError UNAUTHENTICATED where there is none */
export function bearerOf(authorization: string | undefined): string {
  const token = /^bearer ([\x21-\x7e]{1,512})$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) throw new RpcError(Code.unauthenticated, 'send "authorization: Bearer …"');
  return token;
}

function requestOf(bytes: Uint8Array): FollowRequest {
  return messageOf(() => fromBinary(FollowRequestSchema, bytes));
}

function messageOf<T>(read: () => T): T {
  try {
    return read();
  } catch {
    throw new RpcError(Code.invalidArgument, 'the message is malformed');
  }
}
