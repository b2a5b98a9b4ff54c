import { UserError } from '../errors.ts';
import { flagName } from '../flags.ts';
import { refuseRedisUnnamed } from '../serve/counter-flags.ts';
import { serveFlags } from '../serve/serve-flags.ts';
import { startService } from '../serve/service.ts';
import type { Service } from '../serve/service.ts';
import { WORKER_VARIABLE } from '../serve/worker-process.ts';
import { defineCommand } from './command.ts';
import { misspeltVariables } from './misspelt-variables.ts';

export const command = defineCommand({
  usage: 'serve [FLAGS]',
  summary:
    'Answers the Checks of Envoy as the documents in --policies say, until SIGTERM.\n' +
    'Every flag has an environment variable; the command line wins.',
  examples: [
    'serve --policies /etc/ostiary/policies',
    'serve --listen unix:/run/ostiary/ostiary.sock --redis redis://redis:6379',
  ],
  flags: serveFlags,
  sections: {
    policies: 'Documents',
    listen: 'Listeners',
    hostPort: 'How a request is read',
    maxMessageBytes: 'Bounds',
    redis: 'Quota',
    clientAddress: 'Analytics',
    readyWait: 'Start and end',
    logLevel: 'Log',
  },
  maxArguments: 0,
  async run({ values, given }, environment) {
    for (const listener of ['listen', 'apiListen'] as const) {
      if (!given.has(`${listener}Mode`) || values[listener].startsWith('unix:')) continue;
      const flag = flagName(listener);
      throw new UserError(`--${flag}-mode has no effect here: --${flag} ${values[listener]} is not a Unix socket`, 2);
    }
    refuseRedisUnnamed(given, environment);
    if (environment[WORKER_VARIABLE] !== undefined && process.send !== undefined) {
      const { runWorker } = await import('../serve/worker.ts');
      await runWorker(values, environment);
      return 0;
    }
    for (const line of misspeltVariables(environment)) process.stderr.write(`ostiary: ${line}\n`);
    const stopped = signalled(values.drain);
    let service: Service;
    try {
      service = await startService(values, environment);
    } catch (error) {
      stopped.ignore();
      throw error;
    }
    stopped.isStarted();
    const isReady = await Promise.race([service.ready.then(() => true), stopped.signal.then(() => false)]);
    if (isReady && !values.quiet) process.stderr.write(service.welcome);
    await service.stop(await stopped.signal);
    return 0;
  },
});

interface Signalled {
  readonly signal: Promise<NodeJS.Signals>;
  /** From now on, the started service handles signals. */
  isStarted(): void;
  /** The start has failed: now a signal ends the process in the default way. */
  ignore(): void;
}

/** Listens from the beginning, so that a signal during the start is not lost. */
function signalled(graceMs: number): Signalled {
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
