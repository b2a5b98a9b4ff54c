import type { Clock, Timers } from '../clock.ts';
import { signedHead } from './head.ts';
import type { SignedHead } from './head.ts';
import { lineOf } from './line.ts';
import type { ChangeLine, EventLine, View } from './line.ts';
import { pruneEvents } from './pruning.ts';
import { auditRowsAfter, positionAfter } from './reading.ts';
import type { AuditPosition } from './reading.ts';
import type { AuditKey } from './signing.ts';
import type { AuditStore } from './store.ts';

export type ToldLine = ChangeLine | EventLine | (SignedHead & { readonly type: 'head' });

/** Something that is sent all of the trail, such as syslog. */
export interface Outlet {
  /** @throws (rejects) where it can't be sent */
  send(lines: readonly ToldLine[]): Promise<void>;
  /** Whether what was sent last has arrived, as far as that can be known. */
  readonly isConnected: boolean;
}

export interface TellerPorts {
  readonly store: AuditStore;
  /** Signs heads and removals; undefined: there are none. */
  readonly key: AuditKey | undefined;
  readonly outlet: Outlet | undefined;
  /** Sends a head elsewhere. @throws (rejects) where that fails */
  readonly sendHead: ((head: SignedHead) => Promise<void>) | undefined;
  /** Called with each head. */
  readonly onHead: (head: SignedHead) => void;
  readonly view: View;
  readonly keepMs: number;
  /** Whether this process does it, of those that share a database. */
  readonly isElected: () => boolean;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Called each time that something could not be done. It is tried again. */
  readonly onFault: (task: 'syslog' | 'heads' | 'removal', error: unknown) => void;
}

const LOOK_MS = 1000;
const PAGE = 500;
const HEAD_MS = 3_600_000;
const RETRY_HEAD_MS = 60_000;
const PRUNE_MS = 3_600_000;
const MOST_EVENTS = 10_000_000;
const READER = 'syslog';

/** Tells the trail elsewhere as it is written, with a signed head each hour, and removes events that were kept long enough. */
export class Teller {
  readonly #ports: TellerPorts;
  #cancel = (): void => {};
  #isClosed = false;
  #turn: Promise<void> = Promise.resolve();
  /** What was sent; undefined: it is read first. */
  #sent: AuditPosition | undefined;
  /** What is kept as sent: it begins again there. */
  #kept: AuditPosition | undefined;
  #headAt = -Infinity;
  #lastHead: SignedHead | undefined;
  /** To be sent again. */
  #waitingHead: SignedHead | undefined;
  #prunedAt = -Infinity;

  constructor(ports: TellerPorts) {
    this.#ports = ports;
    this.#look();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#turn;
  }

  #look(): void {
    if (this.#isClosed) return;
    this.#cancel = this.#ports.timers.after(LOOK_MS, () => {
      this.#turn = this.#work().finally(() => this.#look());
    });
  }

  /** Never rejects. */
  async #work(): Promise<void> {
    const { isElected, onFault } = this.#ports;
    if (!isElected()) {
      // Another tells it meanwhile.
      this.#sent = undefined;
      return;
    }
    await this.#tell().catch((error: unknown) => onFault('syslog', error));
    await this.#tellHead().catch((error: unknown) => onFault('heads', error));
    await this.#prune().catch((error: unknown) => onFault('removal', error));
  }

  async #tell(): Promise<void> {
    const { outlet, store, view } = this.#ports;
    if (outlet === undefined) return;
    if (this.#sent === undefined) this.#kept = this.#sent = await this.#begin();
    // A connection has ended: what was written last may not have arrived.
    else if (!outlet.isConnected && this.#kept !== undefined) this.#sent = this.#kept;
    else if (this.#kept !== this.#sent) {
      await store.keepPosition(READER, this.#sent);
      this.#kept = this.#sent;
    }
    while (!this.#isClosed) {
      const rows = await auditRowsAfter(store.database.kysely, this.#sent, PAGE);
      if (rows.length === 0) return;
      await outlet.send(rows.map((row) => lineOf(row, view)));
      this.#sent = positionAfter(rows, this.#sent);
    }
  }

  #begin(): Promise<AuditPosition> {
    return beginTelling(this.#ports.store, this.#ports.clock);
  }

  async #tellHead(): Promise<void> {
    const { clock, key, onHead, outlet, sendHead, store } = this.#ports;
    if (key === undefined) return;
    const now = clock.monotonic();
    if (now - this.#headAt >= HEAD_MS) {
      this.#headAt = now;
      const head = signedHead(await store.ends(clock.now()), key);
      if (head.hash === this.#lastHead?.hash && head.eventHash === this.#lastHead.eventHash) return;
      this.#lastHead = head;
      this.#waitingHead = head;
      onHead(head);
    } else if (this.#waitingHead === undefined || (now - this.#headAt) % RETRY_HEAD_MS >= LOOK_MS) return;
    const head = this.#waitingHead;
    if (head === undefined) return;
    await outlet?.send([{ type: 'head', ...head }]);
    await sendHead?.(head);
    this.#waitingHead = undefined;
  }

  async #prune(): Promise<void> {
    const { clock, keepMs, key, store } = this.#ports;
    const now = clock.monotonic();
    if (key === undefined || now - this.#prunedAt < PRUNE_MS) return;
    this.#prunedAt = now;
    await pruneEvents(store, { keepMs, most: MOST_EVENTS, nowMs: clock.now(), key });
  }
}

/**
 * Where it goes on; the first time, after what there is.
 * @throws DatabaseFault (rejects with it)
 */
export async function beginTelling(store: AuditStore, clock: Clock): Promise<AuditPosition> {
  const kept = await store.positionOf(READER);
  if (kept !== undefined) return kept;
  const { revision, sequence } = await store.ends(clock.now());
  await store.keepPosition(READER, { revision, sequence });
  return { revision, sequence };
}
