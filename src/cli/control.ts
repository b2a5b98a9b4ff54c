import { UserError } from '../errors.ts';
import { flagName } from '../flags.ts';
import { didYouMean } from '../nearest.ts';
import { controlFlags } from '../control/flags.ts';
import type { ControlFlags } from '../control/flags.ts';
import type * as Maintenance from '../control/maintenance.ts';
import { programOf } from '../serve/try-lines.ts';
import { defineCommand } from './command.ts';
import { backUpFromServer, backupFlags } from './control-backup.ts';
import { misspeltVariables } from './misspelt-variables.ts';
import { adopt } from './platform/adopt.ts';
import { serverFlags } from './platform/server.ts';
import { signalled } from './signalled.ts';

/** What is done to the database beside the running service. */
const ACTIONS: ReadonlyMap<
  string,
  (to: typeof Maintenance, file: string | undefined, flags: ControlFlags) => Promise<string>
> = new Map([
  ['migrate', (to, _file, flags) => to.migrateTables(flags)],
  ['backup', (to, file, flags) => to.backUpTo(named('backup', file), flags)],
  ['restore', (to, file, flags) => to.restoreFrom(named('restore', file), flags)],
  ['rekey', (to, _file, flags) => to.renewKey(flags)],
]);

/** Runs the control plane. */
export const command = defineCommand({
  usage: 'control [migrate|backup FILE|restore FILE|rekey|adopt] [FLAGS]',
  summary:
    'Runs the control plane until SIGTERM: the log of all documents, which sidecars follow. It keeps\n' +
    'everything in --data-dir, or in PostgreSQL for several control planes. Every flag has an\n' +
    'environment variable; the command line wins.\n' +
    'migrate: brings the tables to this version, as every start does.\n' +
    'backup: writes everything to a file, while the control plane of --server runs; or, with --data-dir or\n' +
    '--database, from there. In a folder the file is named after the time.\n' +
    'restore: fills an empty folder or database from it.\n' +
    'rekey: encrypts all Secrets with the first key of --secrets-key-file.\n' +
    'adopt: tells sidecars that follow another log, as after a restore, to take this one.',
  examples: [
    'control --data-dir /var/lib/ostiary',
    'control --database postgres://ostiary@db/ostiary --bootstrap-token-file /run/secrets/token',
    'control backup /backups/ --keep 14 --token-file token   # of the one that runs',
  ],
  flags: { ...controlFlags, ...serverFlags, ...backupFlags },
  sections: {
    controlListen: 'Listeners',
    dataDir: 'Where everything is kept',
    drain: 'End',
    logLevel: 'Log',
    server: 'Which control plane (adopt, backup)',
    keep: 'Backups in a folder',
  },
  maxArguments: 2,
  argumentWords: [...ACTIONS.keys(), 'adopt'],
  concerned([action]) {
    if (action === 'adopt') return ['server', 'serverCa', 'requestTimeout', 'tokenFile'];
    if (action === 'rekey') return ['dataDir', 'database', 'secretsKeyFile'];
    if (action === 'backup') return ['server', 'serverCa', 'tokenFile', 'keep', 'dataDir', 'database'];
    return action === undefined ? undefined : ['dataDir', 'database'];
  },
  async run({ values, given, positionals: [action, file] }, environment) {
    if (action === 'adopt') return adopt(file, { values, environment });
    const isStored = values.dataDir !== undefined || values.database !== undefined;
    if (action === 'backup' && !isStored) {
      process.stdout.write(`${await backUpFromServer(named(action, file), values.keep, { values, environment })}\n`);
      return 0;
    }
    for (const flag of Object.keys({ ...serverFlags, ...backupFlags }) as (keyof typeof values)[]) {
      if (!given.has(flag)) continue;
      const whose =
        action === 'backup' ? 'a backup without --data-dir and --database' : 'ostiary control adopt and backup';
      throw new UserError(`--${flagName(flag)} is for ${whose} alone`, 2);
    }
    if (action !== undefined) return maintain(action, file, values);
    for (const line of misspeltVariables(environment)) process.stderr.write(`ostiary: ${line}\n`);
    const stopped = signalled(values.drain);
    // Loads the database: the other commands do without.
    const { startControl } = await import('../control/start.ts');
    const control = await startControl(values, programOf(environment, process.argv[1] ?? 'ostiary'), environment).catch(
      (error: unknown) => {
        stopped.ignore();
        throw error;
      },
    );
    stopped.isStarted();
    if (!values.quiet) process.stderr.write(control.welcome);
    await control.stop(await stopped.signal);
    return 0;
  },
});

async function maintain(action: string, file: string | undefined, flags: ControlFlags): Promise<number> {
  const act = ACTIONS.get(action);
  if (act === undefined) {
    const meant = didYouMean(action, [...ACTIONS.keys(), 'adopt']) || '.';
    throw new UserError(
      `there is no action ${JSON.stringify(action)}${meant} Expected ostiary control [migrate|backup FILE|restore FILE|rekey|adopt]`,
      2,
    );
  }
  process.stdout.write(`${await act(await import('../control/maintenance.ts'), file, flags)}\n`);
  return 0;
}

function named(action: string, file: string | undefined): string {
  if (file === undefined) throw new UserError(`which file? ostiary control ${action} FILE`, 2);
  return file;
}
