import { UserError } from '../errors.ts';
import { parseFlags } from './flags.ts';
import { helpText } from './help.ts';
import { serveFlags } from './serve-flags.ts';
import { startService } from './service.ts';
import { workerVariable } from '../workers/worker-process.ts';

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
    const { runWorker } = await import('./worker.ts');
    await runWorker(values, environment);
    return 0;
  }
  // From the first moment on, so that a signal during the start is not lost.
  const stopped = signalled();
  const service = await startService(values, environment);
  if (!values.quiet) process.stderr.write(service.welcome);
  await service.stop(await stopped);
  return 0;
}

function signalled(): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  process.once('SIGTERM', resolve);
  process.once('SIGINT', resolve);
  return promise;
}
