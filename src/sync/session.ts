import type { Clock, Timers } from '../clock.ts';
import type { FollowRequest, Hello } from '../../gen/ostiary/v1/sync_pb.js';
import { Code, RpcError } from '../grpc/rpc.ts';
import { AskedQuestions } from './asked.ts';
import { PING, unknownHistory } from './encode.ts';
import { ExpectedAcks } from './expected-acks.ts';
import type { Hub } from './hub.ts';
import type { Delta, SharedView } from './shared-views.ts';
import { readPosition } from './position.ts';
import type { Position } from './position.ts';
import { acknowledged, boundedFaults, firstReport, refusalText } from './told.ts';
import type { IdentifiedCaller } from './callers.ts';
import type { SidecarReport } from './sidecar-store.ts';
import { PING_MS, SILENCE_MS } from './silence.ts';

export interface SessionPorts {
  readonly hub: Hub;
  readonly clock: Clock;
  readonly timers: Timers;
  /** When a history was adopted; see SidecarStore. */
  readonly adoptedAt: (history: string) => Promise<number | undefined>;
  /** Something that others want to know has changed. */
  readonly changed: (report: SidecarReport) => void;
  readonly sent: (bytes: number) => void;
}

/** The control plane's end of one stream: sends what the sidecar lacks, and hears what it enforces. */
export class Session {
  readonly identity: IdentifiedCaller;
  readonly #ports: SessionPorts;
  readonly questions: AskedQuestions;
  readonly #shared: SharedView;
  readonly #acks = new ExpectedAcks();
  readonly #stopWatching: () => void;
  #report: SidecarReport;
  /** What the sidecar has said that it has. */
  #position: Position | undefined;
  /** What the sidecar was sent, or says that it has; undefined: nothing, or nothing of this log. */
  #sent: Position | undefined;
  #isRefused = false;
  #mustSendAll = false;
  #wantsAdoption = false;
  #sentAt: number;
  #heardAt: number;
  #wake = Promise.withResolvers<void>();
  #end: { readonly error: RpcError | undefined } | undefined;

  private constructor(identity: IdentifiedCaller, hello: Hello, ports: SessionPorts) {
    this.identity = identity;
    this.#ports = ports;
    this.#shared = ports.hub.viewOf(identity.scope);
    this.#stopWatching = this.#shared.view.onChange(() => this.#wake.resolve());
    this.#sentAt = this.#heardAt = ports.clock.monotonic();
    this.#report = firstReport(identity.node, hello, ports.clock.now());
    this.questions = new AskedQuestions(identity.node, hello.answers, ports.timers, () => this.#wake.resolve());
  }

  /** @throws DatabaseFault (rejects with it) where it can't be told what the sidecar lacks */
  static async open(identity: IdentifiedCaller, hello: Hello, ports: SessionPorts): Promise<Session> {
    const session = new Session(identity, hello, ports);
    try {
      await session.#greet(hello);
    } catch (error) {
      session.close();
      throw error;
    }
    return session;
  }

  async #greet(hello: Hello): Promise<void> {
    const { hub } = this.#ports;
    const position = hello.position === undefined ? undefined : readPosition(hello.position);
    this.#position = position;
    if (position === undefined || position.revision === 0) {
      this.#tell({});
    } else if (await hub.has(position)) {
      this.#sent = position;
      this.#acks.latest = Number(hello.enforcedRevision);
      this.#tell({ enforcedRevision: this.#enforced() });
    } else {
      this.#isRefused = true;
      await this.#lookForAdoption(position);
      this.#tell({ otherHistory: position.history });
    }
  }

  async #lookForAdoption({ history, committedAt }: Position): Promise<void> {
    const adoptedAt = await this.#ports.adoptedAt(history);
    // What was written to another log after that is another fork of it.
    this.#wantsAdoption = adoptedAt !== undefined && committedAt <= adoptedAt;
  }

  /** Histories were adopted: this sidecar's may be one of them. */
  async lookAgain(): Promise<void> {
    if (!this.#isRefused || this.#position === undefined) return;
    await this.#lookForAdoption(this.#position);
    if (this.#wantsAdoption) this.#wake.resolve();
  }

  /** What is sent, as fast as it is taken. Ends when the stream does. */
  async *answers(): AsyncGenerator<Uint8Array> {
    if (this.#isRefused && !this.#wantsAdoption)
      yield this.#sending(unknownHistory(refusalText(this.#ports.hub.head, this.#position)));
    // The first commit is sent also where nothing is new, so that the sidecar knows that.
    let isFirst = !this.#isRefused;
    for (;;) {
      this.#wake = Promise.withResolvers();
      if (this.#end !== undefined) break;
      for (const question of this.questions.take()) yield this.#sending(question);
      if (isFirst || this.#hasNews) {
        yield* this.#transaction();
        isFirst = false;
      } else if (this.#ports.clock.monotonic() - this.#sentAt >= PING_MS) {
        // In place of a ping: revisions that concern others.
        const isBehind =
          !this.#isRefused && this.#sent !== undefined && this.#sent.revision < this.#ports.hub.head.revision;
        if (isBehind) yield* this.#transaction();
        else yield this.#sending(PING);
      } else await this.#wake.promise;
    }
    if (this.#end.error !== undefined) throw this.#end.error;
  }

  get #hasNews(): boolean {
    if (this.#isRefused) return this.#wantsAdoption;
    return this.#mustSendAll || this.#sent === undefined || this.#sent.revision < this.#shared.view.changedAt;
  }

  async *#transaction(): AsyncGenerator<Uint8Array> {
    const { hub } = this.#ports;
    const adopted = this.#wantsAdoption;
    let from = adopted || this.#mustSendAll ? undefined : this.#sent?.revision;
    this.#mustSendAll = false;
    for (;;) {
      const delta: Delta | undefined =
        from === undefined
          ? undefined
          : await (adopted ? hub.adoptingDelta(this.#shared, from) : hub.deltaFrom(this.#shared, from));
      if (delta !== undefined) {
        yield* this.#finish(delta);
        return;
      }
      const { revision, messages } = await hub.checkpointOf(this.#shared);
      for (const message of messages) {
        if (this.#end !== undefined) return;
        yield this.#sending(message);
      }
      from = revision;
    }
  }

  async *#finish({ messages, commit }: Delta): AsyncGenerator<Uint8Array> {
    if (commit.adopted) {
      this.#wantsAdoption = this.#isRefused = false;
      this.#tell({ otherHistory: '' });
    }
    this.#sent = commit.position;
    this.#acks.expect(commit);
    for (const message of messages) yield this.#sending(message);
  }

  #sending(message: Uint8Array): Uint8Array {
    this.#sentAt = this.#ports.clock.monotonic();
    this.#ports.sent(message.length);
    return message;
  }

  /**
   * Takes what the sidecar says.
   * @throws RpcError for what can't be
   */
  hear({ message }: FollowRequest): void {
    if (this.#end !== undefined) return;
    this.#heardAt = this.#ports.clock.monotonic();
    switch (message.case) {
      case 'acknowledgement':
        if (this.#acks.take(message.value))
          this.#tell({ ...acknowledged(message.value, this.#ports.clock.now()), enforcedRevision: this.#enforced() });
        return;
      case 'rejection':
        this.#tell({ faults: boundedFaults(message.value.faults) });
        return;
      case 'resync':
        this.#mustSendAll = true;
        this.#wake.resolve();
        return;
      case 'leave':
        this.#tell({ hasLeft: true, isConnected: false });
        this.end();
        return;
      case 'ping':
        return;
      case 'answer':
        return this.questions.hear(message.value);
      case 'hello':
        throw new RpcError(Code.invalidArgument, 'hello: a stream has one');
      case undefined:
        throw new RpcError(
          Code.invalidArgument,
          'the message is empty, or of a kind that this control plane does not know',
        );
    }
  }

  /** Whoever has all that has changed within its scope enforces whatever else was written. */
  #enforced(): number {
    const { hub } = this.#ports;
    const { latest } = this.#acks;
    return latest >= this.#shared.view.changedAt ? hub.head.revision : latest;
  }

  /** The log has come further, and nothing within this scope has changed. */
  headMoved(): void {
    if (this.#isRefused || this.#acks.latest === 0) return;
    const enforcedRevision = this.#enforced();
    if (enforcedRevision > this.#report.enforcedRevision)
      this.#tell({ enforcedRevision, enforcedAt: this.#ports.clock.now() });
  }

  /** To be called about once a second. */
  sweep(): void {
    const now = this.#ports.clock.monotonic();
    if (now - this.#heardAt > SILENCE_MS) this.end(new RpcError(Code.unavailable, 'nothing was heard for 30 s'));
    else if (now - this.#sentAt >= PING_MS) this.#wake.resolve();
  }

  /** The stream is to end. */
  end(error?: RpcError): void {
    this.#end ??= { error };
    this.#wake.resolve();
  }

  /** The stream has ended. */
  close(): void {
    this.end();
    this.questions.close();
    this.#stopWatching();
  }

  /** Nobody has taken this sidecar's place: it is gone from here. */
  tellGone(): void {
    if (!this.#report.hasLeft) this.#tell({ isConnected: false });
  }

  #tell(change: Partial<SidecarReport>): void {
    this.#report = { ...this.#report, lastContactAt: this.#ports.clock.now(), ...change };
    this.#ports.changed(this.#report);
  }
}
