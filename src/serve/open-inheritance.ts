import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { systemClock as clock, systemTimers as timers } from '../clock.ts';
import { systemFiles } from '../file-access.ts';
import type { History } from '../history/history.ts';
import { AccountFiles } from './account-files.ts';
import type { Decider } from './decider.ts';
import { Inheritance } from './inheritance.ts';
import type { MarkStore } from './inheritance.ts';
import type { Joined } from './join-replicas.ts';
import type { Reporting } from './reporting.ts';
import type { ServeFlags } from './serve-flags.ts';
import type { SharedAccounts } from './shared-accounts.ts';

interface Parts {
  readonly accounts: SharedAccounts;
  readonly decider: Pick<Decider, 'mark'>;
  readonly history: Pick<History, 'through'> | undefined;
  readonly replicas: Pick<Joined, 'marks'> | undefined;
}

/**
 * Marks of accounts lie where the history is: in our own folder, or in the database that replicas share. Without a history,
 * replicas that share a Redis keep them there.
 */
async function storeOf(
  { dataDir, analyticsDatabase }: ServeFlags,
  replicas: Pick<Joined, 'marks'> | undefined,
): Promise<MarkStore | undefined> {
  if (analyticsDatabase !== undefined) {
    const { AccountTable } = await import('./account-table.ts');
    return new AccountTable(analyticsDatabase, randomUUID());
  }
  return dataDir === undefined ? replicas?.marks : new AccountFiles(join(dataDir, 'accounts'), systemFiles);
}

export async function inheritanceOf(
  flags: ServeFlags,
  { log, metrics }: Reporting,
  { accounts, decider, history, replicas }: Parts,
): Promise<Inheritance> {
  return new Inheritance({
    clock,
    timers,
    log,
    registry: metrics.registry,
    accounts,
    store: await storeOf(flags, replicas),
    own: (isLast) => decider.mark(isLast),
    through: async (node, teller) => history?.through(node, teller) ?? 0,
  });
}
