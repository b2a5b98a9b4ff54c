/** Work that is done one after the other, in the order of its calls. What fails holds nothing up. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Rejects if this work does. */
  async take<Result>(work: () => Promise<Result>): Promise<Result> {
    const earlier = this.#last;
    const own = (async () => {
      await earlier;
      return work();
    })();
    this.#last = own.catch(() => {});
    return own;
  }
}
