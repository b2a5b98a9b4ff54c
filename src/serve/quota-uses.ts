import type { QuotaUse } from '../alerts/reading.ts';
import type { Contract } from '../contract/contract.ts';
import { demandOf } from '../decision/charging.ts';
import type { CounterStore } from '../quota/store.ts';
import { windowNames } from '../quota/window.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

export interface QuotaUsesPorts {
  readonly snapshot: () => Snapshot;
  readonly store: CounterStore;
  /** Monotonic milliseconds. */
  readonly monotonic: () => number;
}

/** The kind of policies whose counters are those of contracts. */
const KIND = 'rate-limiting-sla';
/** How long the counter store may take for one counter. */
const STORE_TIMEOUT_MS = 2000;
/** Questions that are under way at once. */
const AT_ONCE = 16;

/**
 * How much of each window of its tier every contract with these APIs has used. It asks the counter store and takes
 * nothing.
 */
export function quotaUses({ snapshot, store, monotonic }: QuotaUsesPorts) {
  async function usesOf(contract: Contract, inForce: Snapshot): Promise<readonly QuotaUse[]> {
    const { client, tier } = contract;
    const api = inForce.apiNamed(contract.api);
    const uses: QuotaUse[] = [];
    for (const bound of api?.quota ?? []) {
      if (api === undefined || bound.mode !== 'enforce' || bound.kind !== KIND) continue;
      const charge = bound.policy.demandFor({ api: api.name, clientId: client.clientId, key: '' }, inForce.directory);
      if (charge === undefined || charge.limits.length === 0) continue;
      const peeked = await store.peek([demandOf(api, bound, charge)], monotonic() + STORE_TIMEOUT_MS);
      if (peeked.byOutagePolicy === true) throw new Error('the counter store does not answer');
      const names = windowNames(charge.limits);
      for (const [at, { limit, remaining }] of (peeked.windows[0] ?? []).entries()) {
        const { maximumRequests: most } = limit;
        if (most === 0) continue;
        const labels = { api: api.name, contract: contract.name, policy: bound.name, window: names[at] ?? '' };
        uses.push({ labels, client: client.name, tier: tier?.name ?? '', used: Math.max(0, most - remaining) / most });
      }
    }
    return uses;
  }

  /** @throws (rejects) where the counter store can't tell */
  return async (apis: readonly string[]): Promise<readonly QuotaUse[]> => {
    const inForce = snapshot();
    const meant = new Set(apis);
    const contracts = [...inForce.contracts()].filter(({ api, status }) => status === 'approved' && meant.has(api));
    const found: QuotaUse[] = [];
    let next = 0;
    const ask = async (): Promise<void> => {
      for (let contract = contracts[next++]; contract !== undefined; contract = contracts[next++])
        found.push(...(await usesOf(contract, inForce)));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, ask));
    return found;
  };
}
