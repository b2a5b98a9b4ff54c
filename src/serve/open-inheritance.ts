import { join } from 'node:path';
import { systemClock as clock, systemTimers as timers } from '../clock.ts';
import { systemFiles } from '../file-access.ts';
import type { History } from '../history/history.ts';
import { AccountFiles } from './account-files.ts';
import type { Decider } from './decider.ts';
import { Inheritance } from './inheritance.ts';
import type { Reporting } from './reporting.ts';
import type { ServeFlags } from './serve-flags.ts';
import type { SharedAccounts } from './shared-accounts.ts';

interface Parts {
  readonly accounts: SharedAccounts;
  readonly decider: Pick<Decider, 'mark'>;
  readonly history: Pick<History, 'through'> | undefined;
}

/** Accounts are written down in the folder of the history: nobody else has it then. */
export function inheritanceOf(
  { dataDir, analyticsDatabase }: ServeFlags,
  { log, metrics }: Reporting,
  { accounts, decider, history }: Parts,
): Inheritance {
  const isOurs = dataDir !== undefined && analyticsDatabase === undefined;
  return new Inheritance({
    clock,
    timers,
    log,
    registry: metrics.registry,
    accounts,
    files: isOurs ? new AccountFiles(join(dataDir, 'accounts'), systemFiles) : undefined,
    own: (isLast) => decider.mark(isLast),
    through: async (node, teller) => history?.through(node, teller) ?? 0,
  });
}
