import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { FollowRequestSchema, JoinRequestSchema, JoinResponseSchema } from '../../gen/ostiary/v1/sync_pb.js';
import type { FollowRequest } from '../../gen/ostiary/v1/sync_pb.js';
import type { Clock, Timers } from '../clock.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Call, Method } from '../grpc/rpc.ts';
import type { SidecarQuestion } from './asked.ts';
import { answered, Callers } from './callers.ts';
import type { CallersPorts, IdentifiedCaller } from './callers.ts';
import type { Hub } from './hub.ts';
import { Presence } from './presence.ts';
import { Session } from './session.ts';
import type { SidecarReport, SidecarStore } from './sidecar-store.ts';
import type { SyncObserver } from './sync-counts.ts';
import type { Vouching } from './vouching.ts';

export interface FollowersPorts extends Partial<Pick<CallersPorts, 'admission'>> {
  readonly hub: Hub;
  readonly store: SidecarStore;
  /** Who else says who a sidecar is; absent: nobody. */
  readonly vouching?: Vouching | undefined;
  /** This control plane's, drawn at its start. */
  readonly instance: string;
  readonly clock: Clock;
  readonly timers: Timers;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly onFault: (detail: string) => void;
  /** Absent: nobody counts. */
  readonly observer?: SyncObserver | undefined;
}

const SERVICE = '/ostiary.v1.SyncService';
const SWEEP_MS = 1000;
const TOUCH_MS = 10_000;
/** A stream whose first message has not come by then is ended. */
const HELLO_MS = 10_000;

/** The sidecars that follow this control plane, each by one stream. */
export class Followers {
  readonly #ports: FollowersPorts;
  readonly presence: Presence;
  readonly callers: Callers;
  readonly #sessions = new Map<string, Session>();
  /** By node: ends a stream whose Hello has not come yet. */
  readonly #arriving = new Map<string, (error: RpcError) => void>();
  readonly #stops: (() => void)[] = [];
  #seenHead = 0;
  #touchedAt = 0;

  constructor(ports: FollowersPorts) {
    const { hub, store, instance, clock, timers, random, onFault, vouching } = ports;
    this.#ports = ports;
    this.callers = new Callers({ store, admission: ports.admission ?? (() => store), vouching, clock });
    this.presence = new Presence({
      store,
      instance,
      timers,
      random,
      onFault,
      onUnknown: (node) => this.endNode(node, 'this sidecar was forgotten: it has to join again'),
    });
    this.#stops.push(
      hub.onRestart(() => {
        ports.observer?.advanced(hub.head);
        this.#endAll('the log of the control plane was replaced');
      }),
      hub.onAdvance(() => this.#headMoved()),
    );
    ports.observer?.advanced(hub.head);
    this.#sweepLater();
  }

  /** How many there are. */
  get size(): number {
    return this.#sessions.size;
  }

  /** The names of those that follow here. */
  readonly nodes = (): readonly string[] => [...this.#sessions.keys()];

  methods(): readonly Method[] {
    return [
      {
        kind: 'unary',
        path: `${SERVICE}/Join`,
        handle: (request, call) => this.#join(request, call).catch(this.#refuse),
      },
      { kind: 'bidirectional', path: `${SERVICE}/Follow`, handle: (requests, call) => this.#follow(requests, call) },
    ];
  }

  endNode(node: string, why: string): void {
    this.#sessions.get(node)?.end(new RpcError(Code.unauthenticated, why));
  }

  /** Asks a sidecar. @returns undefined: it does not follow here @throws RpcError (rejects with it) */
  async ask(node: string, question: SidecarQuestion): Promise<Uint8Array | undefined> {
    return this.#sessions.get(node)?.questions.ask(question);
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

  async #join(bytes: Uint8Array, call: Call): Promise<Uint8Array> {
    const { node, version } = messageOf(() => fromBinary(JoinRequestSchema, bytes));
    const joined = await this.callers.join(call, { node, version });
    const { namespaces, apis, labels } = joined.scope;
    const scope = { namespaces: [...namespaces], apis: [...apis], labels: { ...labels } };
    return toBinary(JoinResponseSchema, create(JoinResponseSchema, { ...joined, scope }));
  }

  readonly #refuse = (error: unknown): never => {
    if (error instanceof RpcError) this.#ports.observer?.refused(error.code);
    throw error;
  };

  async *#follow(requests: AsyncIterable<Uint8Array>, call: Call): AsyncGenerator<Uint8Array> {
    const identity = await this.callers.identify(call).catch(this.#refuse);
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

  async #open(identity: IdentifiedCaller, incoming: AsyncIterator<Uint8Array>): Promise<Session> {
    const { hub, clock, observer, store, timers } = this.#ports;
    const first = await this.#firstOf(identity.node, incoming);
    const hello = first.done === true ? undefined : requestOf(first.value).message;
    if (hello?.case !== 'hello') throw new RpcError(Code.invalidArgument, 'the first message of a stream is a Hello');
    const changed = (report: SidecarReport): void => {
      this.presence.tell(report);
      observer?.told(report);
    };
    const sent = (bytes: number): void => observer?.sent(bytes);
    const adoptedAt = (history: string) => store.adoptedAt(history);
    const session = await answered(
      Session.open(identity, hello.value, { hub, clock, timers, adoptedAt, changed, sent }),
    );
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
    const { head } = this.#ports.hub;
    if (head.revision === this.#seenHead) return;
    this.#seenHead = head.revision;
    this.#ports.observer?.advanced(head);
    for (const session of this.#sessions.values()) session.headMoved();
  }

  #sweep(session: Session): void {
    session.sweep();
    if (this.#ports.clock.now() >= session.identity.expiresAt)
      session.end(new RpcError(Code.unauthenticated, 'the certificate or token of this sidecar has ended'));
  }

  #sweepLater(): void {
    const { clock, hub, instance, store, timers } = this.#ports;
    const cancel = timers.after(SWEEP_MS, () => {
      this.#stops.splice(this.#stops.indexOf(cancel), 1);
      for (const session of this.#sessions.values()) this.#sweep(session);
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

function anotherStream(): RpcError {
  return new RpcError(Code.aborted, 'the sidecar has opened another stream');
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
