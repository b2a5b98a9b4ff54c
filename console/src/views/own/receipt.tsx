import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ReceiptJson } from '../../../../gen/ostiary/v1/receipt_pb.js';
import { call } from '../../api/call.ts';
import { getReceipt } from './own-methods.ts';

const AGAIN_MS = 250;
const MOST_MS = 120_000;

/** How many sidecars enforce a revision, as they acknowledge it. */
export function Receipt({ revision }: { readonly revision: string }): JSX.Element {
  const [receipt, setReceipt] = useState<ReceiptJson>();
  useEffect(() => {
    const leaving = new AbortController();
    void follow(revision, leaving.signal, setReceipt);
    return () => leaving.abort();
  }, [revision]);
  const enforced = receipt?.enforced ?? 0;
  const pending = receipt?.pending?.length ?? 0;
  const unreachable = receipt?.unreachable?.length ?? 0;
  const all = enforced + pending + unreachable;
  if (receipt === undefined) return <p class="own-receipt quiet">Asking the sidecars…</p>;
  if (all === 0) return <p class="own-receipt quiet">No sidecar has joined yet: nobody enforces it.</p>;
  return (
    <div class="own-receipt" role="status">
      <progress value={enforced} max={all} aria-label="Sidecars that enforce it" />
      <span>
        <strong>
          {enforced} of {all}
        </strong>{' '}
        {all === 1 ? 'sidecar enforces' : 'sidecars enforce'} it
        {enforced === all && receipt.took !== undefined && <span class="quiet"> after {tookWords(receipt.took)}</span>}
        {pending > 0 && <span class="quiet">, {pending} to come</span>}
        {unreachable > 0 && <span class="own-bad">, {unreachable} not connected</span>}
      </span>
    </div>
  );
}

async function follow(revision: string, signal: AbortSignal, tell: (receipt: ReceiptJson) => void): Promise<void> {
  const end = performance.now() + MOST_MS;
  while (!signal.aborted && performance.now() < end) {
    try {
      const { receipt } = await call(getReceipt, { revision }, signal);
      if (receipt !== undefined) {
        tell(receipt);
        if ((receipt.pending?.length ?? 0) + (receipt.unreachable?.length ?? 0) === 0) return;
      }
    } catch {
      // The page says elsewhere that the control plane does not answer.
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

function tookWords(took: string): string {
  const ms = Math.round(Number.parseFloat(took) * 1000);
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}
