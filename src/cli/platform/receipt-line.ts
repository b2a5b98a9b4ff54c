import { durationMs } from '@bufbuild/protobuf/wkt';
import type { Receipt } from '../../../gen/ostiary/v1/receipt_pb.js';
import { shown } from '../analytics/shown.ts';
import { whole } from '../analytics/units.ts';

/** Not every sidecar enforces what was written. */
export const NOT_ENFORCED_EXIT = 3;

const NAMED = 5;

export function isEnforced(receipt: Receipt | undefined): boolean {
  return receipt === undefined || receipt.pending.length + receipt.unreachable.length === 0;
}

/** `412 of 412 sidecars enforce revision 88123 after 74 ms`, and who is missing. */
export function receiptText(receipt: Receipt): string {
  const { revision, enforced, pending, unreachable } = receipt;
  const all = enforced + pending.length + unreachable.length;
  const first =
    all === 0
      ? `no sidecar has joined: nobody enforces revision ${revision} yet`
      : `${whole(enforced)} of ${whole(all)} sidecars enforce revision ${revision} after ${whole(millisecondsOf(receipt))} ms`;
  return [first, ...missing('not yet', pending), ...missing('not connected', unreachable), ...remedy(receipt)].join(
    '\n',
  );
}

function remedy({ pending, unreachable }: Receipt): readonly string[] {
  const [gone] = unreachable;
  if (gone !== undefined)
    return [
      `  what each enforces: ostiary sidecars; one that is gone for good: ostiary sidecars forget ${shown(gone)}`,
    ];
  return pending.length > 0 ? ['  what each enforces, and why: ostiary sidecars'] : [];
}

/** `{revision, enforced, pending, unreachable, ms}`. */
export function receiptJson(receipt: Receipt): object {
  const { revision, enforced, pending, unreachable } = receipt;
  return { revision: Number(revision), enforced, pending, unreachable, ms: millisecondsOf(receipt) };
}

function millisecondsOf({ took }: Receipt): number {
  return took === undefined ? 0 : Math.round(durationMs(took));
}

function missing(what: string, names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  const more = names.length - NAMED;
  return [`  ${what}: ${names.slice(0, NAMED).map(shown).join(', ')}${more > 0 ? ` and ${whole(more)} more` : ''}`];
}
