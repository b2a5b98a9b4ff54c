import { fromBinary } from '@bufbuild/protobuf';
import { FollowResponseSchema, RefusalReason } from '../../gen/ostiary/v1/sync_pb.js';
import type { FollowResponse, Update } from '../../gen/ostiary/v1/sync_pb.js';
import type { Fault } from '../errors.ts';
import type { AnswerMessage, AnswerQuestion } from './answering.ts';
import type { RejectionFault } from './rejection.ts';
import type { FollowerEvents } from './follower-events.ts';
import { isWithin } from './scope.ts';
import type { Scope } from './scope.ts';
import { Transaction, UnfitUpdate } from './transaction.ts';
import type { Changed, Replica } from './transaction.ts';

/** What became of what was sent. */
export type Enforced = { readonly isInForce: true } | { readonly isInForce: false; readonly faults: readonly Fault[] };

export interface ConversationPorts {
  /** What this sidecar may be sent. */
  readonly scope: Scope;
  readonly replica: Replica;
  /** What a transaction may hold. */
  readonly mostBytes: number;
  /** Puts the replica in force, in all workers, and keeps it. Never rejects. */
  readonly enforce: (changed: Changed) => Promise<Enforced>;
  readonly events: FollowerEvents;
  /** How long this sidecar serves without contact, with what is in force; 0: for ever. */
  readonly maxStaleMs: () => number;
  /** Absent: questions are not answered. */
  readonly answer?: AnswerQuestion | undefined;
  readonly send: (message: Said) => void;
  /** Everything was asked for already. */
  readonly isResyncing: boolean;
}

/** What a sidecar answers. */
export type Said =
  | {
      readonly case: 'acknowledgement';
      readonly value: { readonly revision: bigint; readonly stateHash: bigint; readonly maxStaleMs: bigint };
    }
  | { readonly case: 'rejection'; readonly value: { readonly revision: bigint; readonly faults: RejectionFault[] } }
  | { readonly case: 'answer'; readonly value: AnswerMessage }
  | { readonly case: 'resync'; readonly value: object };

const MOST_FAULTS = 20;

/** What comes on one stream, message by message. */
export class Conversation {
  readonly #ports: ConversationPorts;
  #transaction: Transaction;
  /** Everything was asked for: what builds on what we have is passed over. */
  #isResyncing: boolean;
  #hasAnswered = false;
  /** The control plane does not know our history. */
  #isRefused = false;

  constructor(ports: ConversationPorts) {
    this.#ports = ports;
    this.#transaction = new Transaction(ports.mostBytes);
    this.#isResyncing = ports.isResyncing;
  }

  /** @throws UnfitUpdate (rejects with it) for what can't be right: the stream is to end */
  async take(bytes: Uint8Array): Promise<void> {
    const { events } = this.#ports;
    const { message } = readResponse(bytes);
    switch (message.case) {
      case 'refusal':
        if (message.value.reason !== RefusalReason.UNKNOWN_HISTORY)
          throw new UnfitUpdate(`the control plane sends nothing: ${message.value.detail}`);
        this.#isRefused = true;
        events.unknownHistory(message.value.detail);
        return;
      case 'update':
        await this.#update(message.value);
        return;
      case 'question':
        // Beside what follows: an answer may take its time.
        void this.#ports.answer?.(message.value).then((value) => this.#ports.send({ case: 'answer', value }));
        return;
      case 'ping':
        // One that has another history does not tell whether ours has gone on.
        if (!this.#isRefused) events.heard();
        return;
      case undefined:
        throw new UnfitUpdate('the control plane has sent something that this version does not know');
    }
  }

  async #update(update: Update): Promise<void> {
    const { events, replica, scope, send } = this.#ports;
    if (this.#isResyncing && !update.snapshot && !this.#transaction.isSnapshot) return;
    this.#transaction.add(update);
    if (update.commit === undefined) return;
    const transaction = this.#transaction;
    this.#transaction = new Transaction(this.#ports.mostBytes);
    transaction.checkScope((resource) => isWithin(scope, resource));
    const changed = transaction.commit(replica, update.commit);
    if (changed === undefined) {
      if (transaction.isSnapshot) throw new UnfitUpdate('a snapshot does not have the hash that it was sent with');
      this.#isResyncing = true;
      events.diverged();
      send({ case: 'resync', value: {} });
      return;
    }
    this.#isResyncing = this.#isRefused = false;
    events.heard();
    await this.#enforce(changed);
  }

  async #enforce(changed: Changed): Promise<void> {
    this.#tell(await this.#ports.enforce(changed));
    this.#hasAnswered = true;
  }

  /** Something else than what was sent has changed what is in force. */
  tell(enforced: Enforced): void {
    // Else the control plane hears of what it has not sent yet.
    if (this.#hasAnswered) this.#tell(enforced);
  }

  #tell(enforced: Enforced): void {
    const { events, replica, send } = this.#ports;
    const { position, stateHash } = replica;
    if (position === undefined) return;
    const revision = BigInt(position.revision);
    if (enforced.isInForce) {
      events.inForce(position);
      send({ case: 'acknowledgement', value: { revision, stateHash, maxStaleMs: BigInt(this.#ports.maxStaleMs()) } });
      return;
    }
    events.rejected(position, enforced.faults);
    const faults = enforced.faults.slice(0, MOST_FAULTS);
    const told = faults.map(({ file, field, message }) => ({ resource: file, field, message }));
    send({ case: 'rejection', value: { revision, faults: told } });
  }
}

function readResponse(bytes: Uint8Array): FollowResponse {
  try {
    return fromBinary(FollowResponseSchema, bytes);
  } catch {
    throw new UnfitUpdate('the control plane has sent something that is no message');
  }
}
