/** The end of a service that a signal asks for. */
export interface Signalled {
  readonly signal: Promise<NodeJS.Signals>;
  /** From now on, the started service handles signals. */
  isStarted(): void;
  /** The start has failed: now a signal ends the process in the default way. */
  ignore(): void;
}

/** Listens from the beginning, so that a signal during the start is not lost. */
export function signalled(graceMs: number): Signalled {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let giveUp: NodeJS.Timeout | undefined;
  let isStarting = true;
  const onSignal = (signal: NodeJS.Signals): void => {
    resolve(signal);
    if (!isStarting) return;
    // A start that hangs in a read that never ends could not stop.
    giveUp = setTimeout(() => {
      process.stderr.write(`ostiary: ended by ${signal} before it was ready\n`);
      // The signal itself: process.exit would wait for the read.
      process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
      process.kill(process.pid, signal);
    }, graceMs).unref();
  };
  process.once('SIGTERM', onSignal).once('SIGINT', onSignal);
  return {
    signal: promise,
    isStarted() {
      isStarting = false;
      clearTimeout(giveUp);
    },
    ignore() {
      clearTimeout(giveUp);
      process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
    },
  };
}
