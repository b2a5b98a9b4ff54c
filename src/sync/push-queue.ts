/** What is pushed on one side is iterated over on the other, once. */
export class PushQueue<T> implements AsyncIterableIterator<T> {
  readonly #items: T[] = [];
  #waiting: PromiseWithResolvers<IteratorResult<T>> | undefined;
  #end: { readonly error: Error | undefined } | undefined;

  push(item: T): void {
    if (this.#end !== undefined) return;
    if (this.#waiting === undefined) this.#items.push(item);
    else this.#settle(({ resolve }) => resolve({ value: item, done: false }));
  }

  /** What was pushed before is still taken. */
  end(): void {
    this.#finish(undefined);
  }

  fail(error: Error): void {
    this.#finish(error);
  }

  #finish(error: Error | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    this.#settle(({ resolve, reject }) => {
      if (error === undefined) resolve({ value: undefined, done: true });
      else reject(error);
    });
  }

  #settle(settle: (waiting: PromiseWithResolvers<IteratorResult<T>>) => void): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) settle(waiting);
  }

  next(): Promise<IteratorResult<T>> {
    const [item] = this.#items.splice(0, 1);
    if (item !== undefined) return Promise.resolve({ value: item, done: false });
    if (this.#end?.error !== undefined) return Promise.reject(this.#end.error);
    if (this.#end !== undefined) return Promise.resolve({ value: undefined, done: true });
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  return(): Promise<IteratorResult<T>> {
    this.#items.length = 0;
    this.end();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
