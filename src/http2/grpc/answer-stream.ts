/** What the code that drives a streaming answer needs of its call. */
export interface AnswerTarget {
  /** False once nothing more reaches the peer. */
  readonly isOpen: boolean;
  send(message: Uint8Array): void;
  /** Resolves when the peer has taken what was sent. Undefined: it has. */
  whenSent(): Promise<void> | undefined;
  finish(): void;
  failed(cause: unknown): void;
}

/** Pulls a handler's answers, no faster than the peer takes them. */
export class AnswerStream {
  readonly #target: AnswerTarget;
  #iterator: AsyncIterator<Uint8Array> | undefined;

  constructor(target: AnswerTarget) {
    this.#target = target;
  }

  /** Settles, and never rejects, when the handler has come to its end. */
  async drive(answers: () => AsyncIterable<Uint8Array>): Promise<void> {
    const target = this.#target;
    try {
      this.#iterator = answers()[Symbol.asyncIterator]();
      for (;;) {
        const { value, done } = await this.#iterator.next();
        if (!target.isOpen) break;
        if (done === true) return target.finish();
        target.send(value);
        const sent = target.whenSent();
        if (sent !== undefined) await sent;
      }
      await this.#iterator.return?.();
    } catch (error) {
      target.failed(error);
    }
  }

  /** The call is over: a handler that waits for something else ends at its next `yield`. */
  stop(): void {
    // What a handler throws while it is being stopped concerns no one.
    this.#iterator?.return?.().catch(() => {});
  }
}
