import { setImmediate as pause } from 'node:timers/promises';
import type { Timers } from '../clock.ts';
import type { Credited, Crediting, ForeignId } from './crediting.ts';
import type { Entry } from './entry.ts';
import { EntryReader } from './read-message.ts';

/** What waits for answers of others; above it, a stream waits itself. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024;
/** Who could not be asked is asked again after this time, */
const ASK_AGAIN_MS = 1000;
/** and this often. */
const MOST_TRIES = 15;
/** Entries read without a pause. */
const ENTRIES_PER_TURN = 200;

export interface ForeignEntriesPorts {
  readonly crediting: Pick<Crediting, 'ask' | 'giveUp' | 'recall'>;
  readonly timers: Timers;
  /** Counts an entry, or not, as what is known of it says. */
  readonly count: (entry: Entry, credited: Credited, node: string) => void;
}

interface Kept {
  readonly message: Uint8Array;
  readonly node: string;
}

/** Entries of decisions that other processes took: kept until those have said whether each is the first one. */
export class ForeignEntries {
  readonly #ports: ForeignEntriesPorts;
  readonly #waiting = new Set<Promise<void>>();
  #bytes = 0;

  constructor(ports: ForeignEntriesPorts) {
    this.#ports = ports;
  }

  /**
   * @param message copied: its bytes may change after this call
   * @param ids of its entries that are meant, in their order
   * @returns a promise to wait for before more is taken. Never rejects
   */
  take(message: Uint8Array, ids: readonly ForeignId[], node: string): Promise<void> {
    const kept = { message: Buffer.from(message), node };
    const isFull = this.#bytes + message.length > MOST_WAITING_BYTES;
    this.#bytes += message.length;
    const settling = this.#settle(kept, ids, isFull ? 1 : MOST_TRIES).finally(() => {
      this.#bytes -= message.length;
      this.#waiting.delete(settling);
    });
    this.#waiting.add(settling);
    return isFull ? settling : Promise.resolve();
  }

  /** Settles when nothing waits. */
  async settled(): Promise<void> {
    while (this.#waiting.size > 0) await Promise.all(this.#waiting);
  }

  async #settle(kept: Kept, ids: readonly ForeignId[], mostTries: number): Promise<void> {
    const { crediting, timers } = this.#ports;
    for (let tries = 1, left = ids; left.length > 0; tries++) {
      if (tries > 1) await new Promise<void>((resolve) => void timers.after(ASK_AGAIN_MS, resolve));
      const answers = await crediting.ask(left);
      const credited = new Map<number, Credited>();
      const away: ForeignId[] = [];
      for (const id of left) {
        const answer = answers.get(id.place) ?? 'away';
        if (answer !== 'away') credited.set(id.place, answer);
        else if (tries < mostTries) away.push(id);
        else credited.set(id.place, crediting.giveUp(id));
      }
      if (credited.size > 0) await this.#count(kept, credited);
      left = away;
    }
  }

  async #count({ message, node }: Kept, credited: Map<number, Credited>): Promise<void> {
    const { crediting, count } = this.#ports;
    const reader = new EntryReader(message);
    let left = credited.size;
    for (let place = 0; left > 0; place++) {
      if (place % ENTRIES_PER_TURN === ENTRIES_PER_TURN - 1) await pause();
      const next = reader.next();
      if (next === 'end') return;
      const verdict = credited.get(place);
      if (verdict === undefined || next === 'malformed') continue;
      left -= 1;
      crediting.recall(next);
      count(next, verdict, node);
    }
  }
}
