import { UserError } from '../errors.ts';
import { parseFlags } from '../flags.ts';
import { serveFlags } from '../serve/serve-flags.ts';
import { startService, type Service } from '../serve/service.ts';
import { workerVariable } from '../serve/worker-process.ts';
import { helpText } from './help.ts';

export async function run(argv: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const { values, positionals, help } = parseFlags(serveFlags, argv, environment);
  if (help) {
    const summary = 'Answers the Checks of Envoy by the documents of --policies, until SIGTERM.';
    process.stdout.write(helpText('ostiary serve [FLAGS]', summary, serveFlags));
    return 0;
  }
  if (positionals.length > 0) {
    throw new UserError(`unexpected argument ${JSON.stringify(positionals[0])}: folders are given by --policies`, 2);
  }
  if (environment[workerVariable] !== undefined && process.send !== undefined) {
    const { runWorker } = await import('../serve/worker.ts');
    await runWorker(values, environment);
    return 0;
  }
  const stopped = signalled(values.drain);
  let service: Service;
  try {
    service = await startService(values, environment);
  } catch (error) {
    stopped.ignore();
    throw error;
  }
  stopped.isStarted();
  if (!values.quiet) process.stderr.write(service.welcome);
  await service.stop(await stopped.signal);
  return 0;
}

interface Signalled {
  readonly signal: Promise<NodeJS.Signals>;
  /** From now on a signal is answered by what has started. */
  isStarted(): void;
  /** The start has failed: a signal ends the process as it ends any other. */
  ignore(): void;
}

/** Listens from the first moment on, so that a signal during the start is not lost. */
function signalled(patienceMs: number): Signalled {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let giveUp: NodeJS.Timeout | undefined;
  let isStarting = true;
  const onSignal = (signal: NodeJS.Signals): void => {
    resolve(signal);
    if (!isStarting) return;
    // A start that hangs, in a read that never ends, would never come to its stop.
    giveUp = setTimeout(() => {
      process.stderr.write(`ostiary: ended by ${signal} before it was ready\n`);
      // The signal itself: process.exit would wait for the read.
      process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
      process.kill(process.pid, signal);
    }, patienceMs).unref();
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
