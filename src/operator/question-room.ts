import { Code, RpcError } from '../grpc/rpc.ts';

/** The most questions at once, since each may read millions of rows. */
const MOST_AT_ONCE = 4;
/** A page asks several at once, and several people look at pages. */
const MOST_WAITING = 32;

/** Questions that are being answered, and those that wait for it in the order in which they came. */
export class QuestionRoom {
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /**
   * @param signal aborted: nobody waits for the answer any more
   * @throws RpcError RESOURCE_EXHAUSTED (rejects with it) if too many wait, CANCELLED if nobody does
   */
  async answer<T>(read: () => T | Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#running >= MOST_AT_ONCE) await this.#turn();
    else this.#running += 1;
    try {
      if (signal.aborted) throw new RpcError(Code.cancelled, 'nobody waits for the answer any more');
      return await read();
    } finally {
      // Whoever is next takes this place.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.length >= MOST_WAITING) {
      const all = MOST_AT_ONCE + MOST_WAITING;
      throw new RpcError(Code.resourceExhausted, `${all} questions are being answered or wait: ask again in a moment`);
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
