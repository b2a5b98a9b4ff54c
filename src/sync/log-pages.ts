import type { Change, Head, ResourceLog } from '../registry/log.ts';
import type { Position } from './position.ts';

const PAGE = 1000;

/**
 * The changes up to a head. A head is where a transaction ends: what lies before it may be a part of one.
 * @throws DatabaseFault (rejects with it)
 */
export async function changesBetween(log: ResourceLog, after: number, head: number): Promise<readonly Change[]> {
  const changes: Change[] = [];
  for (let from = after; from < head;) {
    const page = await log.changesAfter(from, PAGE);
    const last = page.at(-1);
    if (last === undefined) throw new Error(`the log has no change of revision ${from + 1}, and its head is ${head}`);
    changes.push(...page.filter(({ revision }) => revision <= head));
    from = last.revision;
  }
  return changes;
}

export function positionOf({ history, revision, hash }: Head, committedAt: number): Position {
  return { history, revision, chainHash: hash, committedAt };
}
