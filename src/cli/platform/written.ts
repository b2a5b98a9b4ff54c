import { Effect } from '../../../gen/ostiary/v1/resources_pb.js';
import type { ApplyResult } from '../../../gen/ostiary/v1/resources_pb.js';
import type { Receipt } from '../../../gen/ostiary/v1/receipt_pb.js';
import { jsonText, shown } from '../analytics/shown.ts';
import { shortName } from './kinds.ts';
import { isEnforced, NOT_ENFORCED_EXIT, receiptJson, receiptText } from './receipt-line.ts';

/** What a write has done. */
export interface Written {
  readonly results: readonly ApplyResult[];
  readonly revision: bigint;
  readonly receipt?: Receipt | undefined;
}

const EFFECTS: ReadonlyMap<Effect, string> = new Map([
  [Effect.CREATED, 'created'],
  [Effect.CHANGED, 'changed'],
  [Effect.UNCHANGED, 'unchanged'],
  [Effect.DELETED, 'deleted'],
]);

export function effectName(effect: Effect): string {
  return EFFECTS.get(effect) ?? 'unknown';
}

/**
 * Prints what was written.
 * @returns the exit code: 3 where a sidecar does not enforce it
 */
export function printWritten(written: Written, output: 'text' | 'json', isDryRun: boolean): number {
  process.stdout.write(output === 'json' ? jsonOf(written, isDryRun) : textOf(written, isDryRun));
  return isEnforced(written.receipt) ? 0 : NOT_ENFORCED_EXIT;
}

function textOf({ results, receipt }: Written, isDryRun: boolean): string {
  const lines = results.map(({ resource, effect, revision }) => {
    const name = resource === undefined ? '' : shown(shortName(resource));
    const isWritten = !isDryRun && effect !== Effect.UNCHANGED;
    return `${name} ${effectName(effect)}${isWritten ? ` (revision ${revision})` : ''}${isDryRun ? ' (dry run)' : ''}`;
  });
  if (receipt !== undefined) lines.push(receiptText(receipt));
  return lines.map((line) => `${line}\n`).join('');
}

function jsonOf({ results, revision, receipt }: Written, isDryRun: boolean): string {
  const told = {
    revision: Number(revision),
    ...(isDryRun && { dryRun: true }),
    results: results.map(({ resource, effect, revision: own }) => ({
      kind: resource?.kind,
      namespace: resource?.namespace,
      name: resource?.name,
      effect: effectName(effect),
      revision: Number(own),
    })),
    ...(receipt !== undefined && { receipt: receiptJson(receipt) }),
  };
  return `${jsonText(told)}\n`;
}
