import { existsSync } from 'node:fs';
import { controlFlags } from '../control/flags.ts';
import type { FlagValues } from '../flags.ts';
import { controlFlags as followingFlags } from '../serve/control-flags.ts';
import { refuseRedisUnnamed } from '../serve/counter-flags.ts';
import { serveFlags } from '../serve/serve-flags.ts';
import { startService } from '../serve/service.ts';
import type { Service } from '../serve/service.ts';
import { programOf } from '../serve/try-lines.ts';
import { WORKER_VARIABLE } from '../serve/worker-process.ts';
import type { ControlPlane } from '../control/control-plane.ts';
import { defineCommand } from './command.ts';
import { misspeltVariables } from './misspelt-variables.ts';
import { refuseModesWithoutSocket, SERVICE_SECTIONS } from './serving.ts';
import { signalled } from './signalled.ts';
import { upLines } from './up-lines.ts';

const all = { ...serveFlags, ...controlFlags };

/** These are about this machine, wherever the control plane is. */
const HERE: ReadonlySet<string> = new Set(['allowEnv', 'secretsDir', 'labels']);

/** Flags of a sidecar that follows a control plane elsewhere, and of a control plane whose database is. */
const elsewhere = [...Object.keys(followingFlags).filter((key) => !HERE.has(key)), 'database'] as (keyof typeof all)[];
const without = Object.fromEntries(elsewhere.map((key) => [key, all[key].fallback])) as FlagValues<
  typeof followingFlags
>;
// The values of the others are what they are without a flag.
const flags = Object.fromEntries(Object.entries(all).filter(([key]) => !Object.hasOwn(without, key))) as typeof all;

const DATA_DIR = '.ostiary';
/** As the control plane knows the sidecar: the name of a machine or a container may be another at the next start. */
const NODE = 'up';

export const command = defineCommand({
  usage: 'up [FLAGS]',
  summary:
    'Runs everything in one process until SIGTERM: a control plane, its analytics, and a sidecar that answers the Checks\n' +
    `of Envoy. It enforces the documents in --policies, which stay in their files, and beside them what is written to the\n` +
    `control plane. Everything is kept in --data-dir (default ${DATA_DIR}). Every flag has an environment variable; the\n` +
    'command line wins. ostiary serve and ostiary control are the parts alone.',
  examples: ['up', 'up --policies mine --data-dir /var/lib/ostiary', 'up --control-listen 127.0.0.1:9295'],
  flags,
  sections: {
    policies: 'Documents in files',
    ...SERVICE_SECTIONS,
    controlListen: 'Control plane',
  },
  maxArguments: 0,
  async run({ values: given, given: named }, environment) {
    const values = {
      ...given,
      ...without,
      dataDir: given.dataDir ?? DATA_DIR,
      policies: foldersOf(given.policies),
      nodeId: given.nodeId ?? NODE,
    };
    refuseModesWithoutSocket(named, values);
    refuseRedisUnnamed(named, environment);
    if (environment[WORKER_VARIABLE] !== undefined && process.send !== undefined) {
      const { runWorker } = await import('../serve/worker.ts');
      await runWorker(values, environment, true);
      return 0;
    }
    for (const line of misspeltVariables(environment)) process.stderr.write(`ostiary: ${line}\n`);
    const stopped = signalled(values.drain);
    const program = programOf(environment, process.argv[1] ?? 'ostiary');
    let control: ControlPlane | undefined;
    let service: Service;
    try {
      // Loads the database: the other commands do without.
      const { startControl } = await import('../control/start.ts');
      control = await startControl(values, program, environment, values.nodeId);
      service = await startService(values, environment, control.embedded);
    } catch (error) {
      await control?.stop('SIGTERM').catch(() => {});
      stopped.ignore();
      throw error;
    }
    stopped.isStarted();
    const isReady = await Promise.race([service.ready.then(() => true), stopped.signal.then(() => false)]);
    if (isReady && !values.quiet) {
      const { dataDir, policies } = values;
      process.stderr.write(upLines(service.welcome, { ...control.access, dataDir, policies, program }));
    }
    const signal = await stopped.signal;
    await service.stop(signal);
    await control.stop(signal);
    return 0;
  },
});

/** Without a folder of the name that is the default there are no files; one that is named has to be there. */
function foldersOf(policies: readonly string[]): readonly string[] {
  const isDefault = policies === serveFlags.policies.fallback;
  return isDefault ? policies.filter((folder) => existsSync(folder)) : policies;
}
