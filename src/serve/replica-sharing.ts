import type { Credit } from '../analytics/ledger.ts';
import type { ReplicaPost } from '../redis/replica-post.ts';
import { ClaimBatches } from './claim-batches.ts';
import { messageText, readMessage, readRecord, recordText } from './replica-messages.ts';
import type { EpochRecord, ReplicaMessage } from './replica-messages.ts';
import type { Keeper, Others } from './shared-accounts.ts';

/** Keys outlive their process by this, and so may entries of its decisions come. */
const KEY_TTL_MS = 6 * 3_600_000;
const KEY_REFRESH_MS = 600_000;
/** Nobody has read it for so long: its replica is gone. */
const LIST_TTL_MS = 120_000;
/** As long as messages come; */
const BUSY_LOOK_MS = 100;
/** where none has come for a time. */
const IDLE_LOOK_MS = 1000;
const BUSY_FOR_MS = 10_000;
const MESSAGES_A_LOOK = 100;
/** A replica that does not read its list gets no more. */
const MOST_MESSAGES = 5000;
const ANSWER_MS = 4000;
/** Of epochs of others, where their accounts are kept. */
const MOST_RECORDS = 256;

export interface ReplicaSharingPorts {
  readonly post: Pick<ReplicaPost, 'put' | 'get' | 'append' | 'take'>;
  /** Before each key. */
  readonly prefix: string;
  /** This replica's name, of its own in the mesh. */
  readonly replica: string;
  readonly after: (delayMs: number, callback: () => void) => () => void;
  readonly monotonic: () => number;
  /** Who keeps the accounts of an epoch here. */
  readonly keeperOf: (epoch: number) => Keeper | undefined;
  /** Why Redis can't be used, whenever that changes; undefined: it can. */
  readonly tell: (trouble: unknown) => void;
}

/** What replicas share of decisions by Redis: keys of epochs, and whose entries have come. Each reads a list of its own. */
export class ReplicaSharing implements Others {
  readonly #ports: ReplicaSharingPorts;
  /** Ours, and when each was last told, monotonic milliseconds. */
  readonly #own = new Map<number, { readonly key: Buffer; toldAt: number }>();
  readonly #records = new Map<number, EpochRecord>();
  readonly #questions = new Map<number, (credits: readonly Credit[] | undefined) => void>();
  readonly #batches: ClaimBatches;
  #lastQuestion = 0;
  #brokenAt = Number.NEGATIVE_INFINITY;
  #heardAt = Number.NEGATIVE_INFINITY;
  #isFailing = false;
  #isLooking = false;
  #cancel: () => void = () => {};
  #isClosed = false;

  constructor(ports: ReplicaSharingPorts) {
    this.#ports = ports;
    this.#batches = new ClaimBatches({
      after: ports.after,
      claim: (epoch, sequences) => this.#claim(epoch, sequences),
      lost: (epoch) => void this.#tellLost(epoch),
    });
  }

  announce(epoch: number, key: Buffer): void {
    this.#own.set(epoch, { key, toldAt: Number.NEGATIVE_INFINITY });
  }

  withdraw(epoch: number): void {
    this.#own.delete(epoch);
  }

  /** Begins to listen. Settles when the others know of us, or can't be told. */
  async open(): Promise<void> {
    await this.#look();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
    this.#batches.close();
  }

  async keyOf(epoch: number): Promise<Buffer | undefined | 'away'> {
    try {
      return (await this.#learn(epoch))?.key;
    } catch {
      return 'away';
    }
  }

  claim(epoch: number, sequences: readonly number[]): Promise<readonly Credit[] | 'away'> {
    return this.#batches.claim(epoch, sequences);
  }

  isBroken(since: number): boolean {
    return this.#brokenAt >= since;
  }

  async #learn(epoch: number): Promise<EpochRecord | undefined> {
    const text = await this.#ports.post.get(this.#keyFor(epoch));
    const record = text === null ? undefined : readRecord(text);
    if (record === undefined) return undefined;
    const [oldest] = this.#records.keys();
    if (this.#records.size >= MOST_RECORDS && oldest !== undefined) this.#records.delete(oldest);
    this.#records.set(epoch, record);
    return record;
  }

  async #claim(epoch: number, sequences: readonly number[]): Promise<readonly Credit[] | 'gone' | 'away'> {
    try {
      const record = this.#records.get(epoch) ?? (await this.#learn(epoch));
      if (record === undefined) return 'gone';
      const { promise, resolve } = Promise.withResolvers<readonly Credit[] | undefined>();
      const id = ++this.#lastQuestion;
      this.#questions.set(id, resolve);
      const cancel = this.#ports.after(ANSWER_MS, () => resolve(undefined));
      try {
        await this.#send(record.replica, { kind: 'claims', from: this.#ports.replica, id, epoch, sequences });
        this.#heardAt = this.#ports.monotonic();
        this.#plan(BUSY_LOOK_MS);
        const credits = await promise;
        if (credits?.length === sequences.length) return credits;
      } finally {
        cancel();
        this.#questions.delete(id);
      }
    } catch {
      // The claims are made again.
    }
    // Another replica may keep the accounts by now.
    this.#records.delete(epoch);
    return 'away';
  }

  async #tellLost(epoch: number): Promise<void> {
    try {
      const record = this.#records.get(epoch) ?? (await this.#learn(epoch));
      if (record !== undefined) await this.#send(record.replica, { kind: 'lost' });
    } catch {
      // That Redis is away, the other notices itself.
    }
  }

  async #send(replica: string, message: ReplicaMessage): Promise<void> {
    const length = await this.#ports.post.append(this.#listOf(replica), [messageText(message)], LIST_TTL_MS);
    if (length > MOST_MESSAGES) throw new Error('the other replica does not read');
  }

  /** Tells of ourselves, and reads what others tell. */
  async #look(): Promise<void> {
    const { post, monotonic, replica, tell } = this.#ports;
    this.#isLooking = true;
    let isMore = false;
    try {
      await this.#tellOwn();
      const texts = await post.take(this.#listOf(replica), MESSAGES_A_LOOK);
      for (const text of texts) void this.#hear(readMessage(text));
      if (texts.length > 0) this.#heardAt = monotonic();
      if (this.#isFailing) tell(undefined);
      this.#isFailing = false;
      isMore = texts.length === MESSAGES_A_LOOK;
    } catch (error) {
      this.#brokenAt = monotonic();
      if (!this.#isFailing) tell(error);
      this.#isFailing = true;
    }
    this.#isLooking = false;
    const isBusy = monotonic() - this.#heardAt < BUSY_FOR_MS;
    this.#plan(isMore ? 0 : isBusy && !this.#isFailing ? BUSY_LOOK_MS : IDLE_LOOK_MS);
  }

  async #tellOwn(): Promise<void> {
    const { post, monotonic, replica } = this.#ports;
    for (const [epoch, own] of this.#own) {
      if (monotonic() - own.toldAt < KEY_REFRESH_MS) continue;
      await post.put(this.#keyFor(epoch), recordText({ key: own.key, replica }), KEY_TTL_MS);
      own.toldAt = monotonic();
    }
  }

  async #hear(message: ReplicaMessage | undefined): Promise<void> {
    if (message?.kind === 'lost') this.#brokenAt = this.#ports.monotonic();
    else if (message?.kind === 'claimed') this.#questions.get(message.id)?.(message.credits);
    else if (message?.kind === 'claims') {
      const { from, id, epoch, sequences } = message;
      const credits = await this.#ports.keeperOf(epoch)?.claim(sequences);
      const answer = credits === undefined || credits === 'away' ? undefined : credits;
      // Who hears nothing asks again, and is told that each is repeated.
      await this.#send(from, { kind: 'claimed', id, credits: answer }).catch(() => {});
    }
  }

  #plan(delayMs: number): void {
    // Whoever looks plans the next time.
    if (this.#isLooking) return;
    this.#cancel();
    if (!this.#isClosed) this.#cancel = this.#ports.after(delayMs, () => void this.#look());
  }

  #keyFor(epoch: number): string {
    return `${this.#ports.prefix}epoch:${epoch.toString(16).padStart(8, '0')}`;
  }

  #listOf(replica: string): string {
    return `${this.#ports.prefix}post:${replica}`;
  }
}
