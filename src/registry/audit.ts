import type { Change } from './log.ts';
import { changeOf, isStorable } from './read.ts';
import type { RegistryKysely } from './tables.ts';

/** Changes that meet all of it. */
export interface AuditFilter {
  readonly kind?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly actor?: string | undefined;
  /** Milliseconds since the Unix epoch, included. */
  readonly sinceMs?: number | undefined;
  /** Not included. */
  readonly untilMs?: number | undefined;
  readonly beforeRevision?: number | undefined;
  readonly limit: number;
}

/** The latest first. */
export async function auditedChanges(kysely: RegistryKysely, filter: AuditFilter): Promise<readonly Change[]> {
  let query = kysely.selectFrom('registry_change').selectAll().orderBy('revision', 'desc').limit(filter.limit);
  for (const column of ['kind', 'namespace', 'name', 'actor'] as const) {
    const wanted = filter[column];
    if (wanted === undefined) continue;
    if (!isStorable(wanted)) return [];
    query = query.where(column, '=', wanted);
  }
  const { sinceMs, untilMs, beforeRevision } = filter;
  if (sinceMs !== undefined) query = query.where('changed_at', '>=', sinceMs);
  if (untilMs !== undefined) query = query.where('changed_at', '<', untilMs);
  if (beforeRevision !== undefined) query = query.where('revision', '<', beforeRevision);
  return (await query.execute()).map(changeOf);
}
