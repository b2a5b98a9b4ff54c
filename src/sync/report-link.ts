/** Calls `TelemetryService/ReportSlots`: ends, or throws, when the connection or the signal does. */
export type ReportCall = (requests: AsyncIterable<Uint8Array>, signal: AbortSignal) => AsyncIterable<Uint8Array>;

/** Leads what a sidecar reports to whichever control plane it follows. */
export class ReportLink {
  #current = Promise.withResolvers<ReportCall>();
  #ended = new AbortController();

  /** From now on this one is called. @returns what ends that */
  readonly follow = (call: ReportCall): (() => void) => {
    const ended = (this.#ended = new AbortController());
    this.#current.resolve(call);
    return () => {
      if (this.#ended === ended) this.#current = Promise.withResolvers();
      ended.abort();
    };
  };

  /** Waits until a control plane is followed. */
  readonly call: ReportCall = (requests, signal) => this.#call(requests, signal);

  async *#call(requests: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const aborted = Promise.withResolvers<undefined>();
    const abort = (): void => aborted.resolve(undefined);
    signal.addEventListener('abort', abort, { once: true });
    const call = await Promise.race([this.#current.promise, aborted.promise]);
    signal.removeEventListener('abort', abort);
    if (call === undefined || signal.aborted) return;
    yield* call(requests, AbortSignal.any([signal, this.#ended.signal]));
  }
}
