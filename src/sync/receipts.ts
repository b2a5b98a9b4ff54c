import type { Clock, Timers } from '../clock.ts';
import type { ResourceLog } from '../registry/log.ts';
import type { Receipt, Receipts } from '../registry/receipt.ts';
import type { Presence } from './presence.ts';
import type { SidecarStore } from './sidecar-store.ts';
import { isCounted, standingOf } from './standing.ts';

export interface ReceiptsPorts {
  readonly log: Pick<ResourceLog, 'changesAfter'>;
  readonly store: Pick<SidecarStore, 'list'>;
  readonly presence: Presence;
  readonly clock: Clock;
  readonly timers: Timers;
}

/** What sidecars of other control planes acknowledge is seen so soon. */
const POLL_MS = 50;
/** A thousand acknowledgements are stored some at a time, and each look reads all sidecars: so long at least between two. */
const LEAST_MS = 25;

/** Which sidecars enforce a revision, as all control planes of the database know together. */
export class StoredReceipts implements Receipts {
  readonly #ports: ReceiptsPorts;

  constructor(ports: ReceiptsPorts) {
    this.#ports = ports;
  }

  /** @throws DatabaseFault (rejects with it): without its database a control plane issues no receipt */
  async of(revision: number, waitMs: number): Promise<Receipt> {
    const { clock, log, presence } = this.#ports;
    // Who has just come is counted.
    await presence.flush();
    const end = clock.monotonic() + waitMs;
    const [change] = revision === 0 ? [] : await log.changesAfter(revision - 1, 1);
    const since = change?.at ?? clock.now();
    for (;;) {
      const news = this.#news(Math.min(POLL_MS, Math.max(0, end - clock.monotonic())));
      const lookedAt = clock.monotonic();
      const receipt = await this.#look(revision, since);
      const isComplete = receipt.pending.length + receipt.unreachable.length === 0;
      if (isComplete || clock.monotonic() >= end) {
        news.cancel();
        return receipt;
      }
      await news.promise;
      await this.#pause(Math.min(lookedAt + LEAST_MS, end) - clock.monotonic());
    }
  }

  async #pause(ms: number): Promise<void> {
    if (ms <= 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ports.timers.after(ms, resolve);
    await promise;
  }

  async #look(revision: number, since: number): Promise<Receipt> {
    const { clock, store } = this.#ports;
    const now = clock.now();
    let enforced = 0;
    let enforcedAt = since;
    const pending: string[] = [];
    const unreachable: string[] = [];
    for (const sidecar of await store.list()) {
      const standing = standingOf(sidecar, revision, now);
      if (standing === 'in_sync') {
        enforced++;
        // Of one that has enforced more since then, the moment is no longer known.
        if (sidecar.enforcedRevision === revision) enforcedAt = Math.max(enforcedAt, sidecar.enforcedAt);
      } else if (standing === 'unreachable') unreachable.push(sidecar.node);
      else if (isCounted(standing)) pending.push(sidecar.node);
    }
    const isComplete = pending.length + unreachable.length === 0;
    return { revision, enforced, pending, unreachable, ms: Math.max(0, (isComplete ? enforcedAt : now) - since) };
  }

  /** Resolves when acknowledgements were stored here, or the time is over. */
  #news(afterMs: number): { readonly promise: Promise<void>; readonly cancel: () => void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const stopListening = this.#ports.presence.onStored(resolve);
    const stopTimer = this.#ports.timers.after(afterMs, resolve);
    const cancel = (): void => {
      stopListening();
      stopTimer();
    };
    void promise.then(cancel);
    return { promise, cancel };
  }
}
