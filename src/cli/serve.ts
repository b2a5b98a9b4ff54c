import { refuseWithoutControl } from '../serve/control-flags.ts';
import { refuseRedisUnnamed } from '../serve/counter-flags.ts';
import { serveFlags } from '../serve/serve-flags.ts';
import { startService } from '../serve/service.ts';
import type { Service } from '../serve/service.ts';
import { WORKER_VARIABLE } from '../serve/worker-process.ts';
import { defineCommand } from './command.ts';
import { misspeltVariables } from './misspelt-variables.ts';
import { refuseModesWithoutSocket, SERVICE_SECTIONS } from './serving.ts';
import { signalled } from './signalled.ts';

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
    control: 'Documents of a control plane',
    ...SERVICE_SECTIONS,
  },
  maxArguments: 0,
  async run({ values, given }, environment) {
    refuseModesWithoutSocket(given, values);
    refuseRedisUnnamed(given, environment);
    refuseWithoutControl(given, values);
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
