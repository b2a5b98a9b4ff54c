import type { JSX } from 'preact';
import type { ReceiptJson } from '../../../gen/ostiary/v1/receipt_pb.js';

/** Which sidecars enforce what was written. */
export function Receipt({ of }: { readonly of: ReceiptJson | undefined }): JSX.Element | null {
  if (of === undefined) return null;
  const { enforced = 0, pending = [], unreachable = [] } = of;
  return <p class="receipt">{receiptText(enforced, pending.length, unreachable.length)}</p>;
}

export function receiptText(enforced: number, pending: number, unreachable: number): string {
  const all = enforced + pending + unreachable;
  if (all === 0) return 'No sidecar follows yet: the first one that does enforces it.';
  const away = unreachable > 0 ? `, ${unreachable} can’t be reached` : '';
  return enforced === all
    ? `Enforced by ${all === 1 ? 'the one sidecar' : `all ${all} sidecars`}.`
    : `Enforced by ${enforced} of ${all} sidecars${away}.`;
}
