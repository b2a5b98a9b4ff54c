import { AUDIT_BACKUP_TABLES } from '../audit/tables.ts';
import type { BackupTable } from '../registry/backup.ts';
import { SUBSCRIPTION_BACKUP_TABLE } from '../notify/subscription-store.ts';
import { PEOPLE_BACKUP_TABLES } from '../people/tables.ts';
import { SIDECAR_BACKUP_TABLES } from './sidecar-tables.ts';

/** What a backup holds beside the log, of all parts of the control plane. */
export const BACKUP_TABLES: readonly BackupTable[] = [
  ...SIDECAR_BACKUP_TABLES,
  ...AUDIT_BACKUP_TABLES,
  ...PEOPLE_BACKUP_TABLES,
  SUBSCRIPTION_BACKUP_TABLE,
];
