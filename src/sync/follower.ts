import { create, toBinary } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { FollowRequestSchema } from '../../gen/ostiary/v1/sync_pb.js';
import type { HelloSchema } from '../../gen/ostiary/v1/sync_pb.js';
import type { Clock, Timers } from '../clock.ts';
import { Code } from '../grpc/rpc.ts';
import { comingBackMs } from './coming-back.ts';
import { CallFault } from './connection.ts';
import type { ControlConnection, FollowStream } from './connection.ts';
import { Conversation } from './conversation.ts';
import type { ConversationPorts, Enforced } from './conversation.ts';
import type { Credential, CredentialFile } from './credential-file.ts';
import { toPositionMessage } from './position.ts';
import type { ReportLink } from './report-link.ts';
import { Silence } from './silence.ts';
import { MOST_BYTES } from './transaction.ts';

export interface FollowerOptions {
  readonly node: string;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  /** URLs, tried one after the other. */
  readonly addresses: readonly string[];
  /** What a control plane may send in one transaction; the default is more than any has. */
  readonly mostBytes?: number;
}

export interface FollowerPorts extends Pick<
  ConversationPorts,
  'replica' | 'enforce' | 'events' | 'maxStaleMs' | 'answer'
> {
  readonly connect: (address: string) => Promise<ControlConnection>;
  readonly credentials: CredentialFile;
  /** Reads the token. @returns undefined: a certificate takes its place @throws (rejects with) an error that says why there is none */
  readonly joinToken: () => Promise<string | undefined>;
  /** The latest revision that is in force; 0: none. */
  readonly enforcedRevision: () => number;
  /** Reports on the connection of whichever control plane is followed. */
  readonly reports?: Pick<ReportLink, 'follow'> | undefined;
  /** Whether values of Secrets are missing: everything is asked for again. */
  readonly lacksSecrets: () => boolean;
  readonly clock: Clock;
  readonly timers: Timers;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** How long what was sent last may take to go out. */
const LEAVE_MS = 300;

/** The sidecar's end: follows one control plane after the other, and tells what it enforces. */
export class Follower {
  readonly #options: FollowerOptions;
  readonly #ports: FollowerPorts;
  readonly #closed = Promise.withResolvers<'closed'>();
  #isClosed = false;
  #isRenewing = false;
  #stream: FollowStream | undefined;
  #running: Promise<void> = Promise.resolve();
  #silence: Silence | undefined;
  #conversation: Conversation | undefined;

  constructor(options: FollowerOptions, ports: FollowerPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Something else than what was sent has changed what is in force. */
  tell(enforced: Enforced): void {
    this.#conversation?.tell(enforced);
  }

  /** Says that the sidecar ends, if there is a stream. */
  async close(): Promise<void> {
    if (this.#stream !== undefined) {
      this.#send(this.#stream, { case: 'leave', value: {} });
      this.#stream.end();
    }
    this.#isClosed = true;
    this.#closed.resolve('closed');
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#ports.timers.after(LEAVE_MS, resolve);
    await Promise.race([this.#running, promise]);
    cancel();
  }

  /** The token or the certificate is another one: the stream begins anew with it, before the old one ends. */
  renew(): void {
    if (this.#stream === undefined) return;
    this.#isRenewing = true;
    this.#stream.cancel();
  }

  #takeRenewal(): boolean {
    const was = this.#isRenewing;
    this.#isRenewing = false;
    return was;
  }

  async #run(): Promise<void> {
    const { addresses } = this.#options;
    const { clock, random } = this.#ports;
    let heardAt = clock.monotonic();
    for (let failures = 0, turn = 0; !this.#isClosed; turn++) {
      const address = addresses[turn % addresses.length] as string;
      const contact = { hadAnswer: false };
      const why = await this.#visit(address, contact).catch((error: unknown) => reasonOf(error));
      if (this.#isClosed) return;
      if (this.#takeRenewal()) {
        // To the same one: it is there.
        turn--;
        continue;
      }
      this.#ports.events.disconnected(address, why);
      failures = contact.hadAnswer ? 1 : failures + 1;
      if (contact.hadAnswer) heardAt = clock.monotonic();
      // Other addresses are tried at once; all sidecars that lost one control plane must not come back at once.
      const round = Math.ceil(failures / addresses.length);
      const awayMs = clock.monotonic() - heardAt;
      await this.#pause(comingBackMs({ failures: round, awayMs }, random()));
    }
  }

  /** @returns why it has ended */
  async #visit(address: string, contact: { hadAnswer: boolean }): Promise<string> {
    const connection = await this.#ports.connect(address);
    try {
      const credential = await this.#credential(connection);
      try {
        return await this.#follow(connection, credential, address, contact);
      } catch (error) {
        if (!(error instanceof CallFault) || error.code !== Code.unauthenticated) throw error;
        // Forgotten, or another database. The credential is kept until another one takes its place.
        const why = await this.#join(connection).then(() => undefined, reasonOf);
        if (why !== undefined) throw new Error(`${error.message}; ${why}`, { cause: error });
        return `${error.message}; joined anew`;
      }
    } finally {
      connection.close();
    }
  }

  async #credential(connection: ControlConnection): Promise<Credential> {
    return (await this.#ports.credentials.read(this.#options.node)) ?? this.#join(connection);
  }

  async #join(connection: ControlConnection): Promise<Credential> {
    const { credentials, events, joinToken } = this.#ports;
    const { node, version } = this.#options;
    const { credential, node: knownAs, scope } = await connection.join(await joinToken(), node, version);
    const joined = { node, credential, scope };
    await credentials.keep(joined).catch((error: unknown) => events.cacheFault(reasonOf(error)));
    events.joined(scope, knownAs);
    return joined;
  }

  async #follow(
    connection: ControlConnection,
    { credential, scope }: Credential,
    address: string,
    contact: { hadAnswer: boolean },
  ): Promise<string> {
    const { clock, events, timers } = this.#ports;
    // Without a credential of ours, the token of the pod is sent each time.
    const secret = credential || ((await this.#ports.joinToken()) ?? '');
    const stream = connection.follow(secret);
    const silence = new Silence({ clock, timers, ping: () => this.#send(stream, { case: 'ping', value: {} }) });
    this.#stream = stream;
    this.#silence = silence;
    let endReports = (): void => {};
    try {
      this.#send(stream, { case: 'hello', value: this.#hello() });
      const send: ConversationPorts['send'] = (message) => this.#send(stream, message);
      const { mostBytes = MOST_BYTES } = this.#options;
      const isResyncing = this.#ports.lacksSecrets();
      if (isResyncing) send({ case: 'resync', value: {} });
      const conversation = new Conversation({ ...this.#ports, mostBytes, scope, send, isResyncing });
      this.#conversation = conversation;
      for (;;) {
        const next = await silence.within(Promise.race([stream.messages.next(), this.#closed.promise]));
        if (next === undefined) return 'nothing was heard for 30 s';
        if (next === 'closed') return 'closed';
        if (next.done === true) return 'the control plane has ended the stream';
        if (!contact.hadAnswer) {
          events.connected(address);
          endReports = this.#ports.reports?.follow(connection.report(secret)) ?? endReports;
        }
        contact.hadAnswer = true;
        await conversation.take(next.value);
      }
    } finally {
      this.#stream = this.#silence = this.#conversation = undefined;
      endReports();
      silence.close();
      if (!this.#isClosed) stream.cancel();
    }
  }

  #hello(): MessageInitShape<typeof HelloSchema> {
    const { labels, version } = this.#options;
    const { position, stateHash } = this.#ports.replica;
    return {
      version,
      labels: { ...labels },
      maxStaleMs: BigInt(this.#ports.maxStaleMs()),
      stateHash,
      answers: this.#ports.answer !== undefined,
      enforcedRevision: BigInt(this.#ports.enforcedRevision()),
      ...(position !== undefined && { position: toPositionMessage(position) }),
    };
  }

  #send(stream: FollowStream, message: MessageInitShape<typeof FollowRequestSchema>['message']): void {
    if (message === undefined) return;
    this.#silence?.sent();
    stream.send(toBinary(FollowRequestSchema, create(FollowRequestSchema, { message })));
  }

  async #pause(delayMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#ports.timers.after(delayMs, resolve);
    await Promise.race([promise, this.#closed.promise]);
    cancel();
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
