import { systemTimers } from '../clock.ts';
import type { Timers } from '../clock.ts';
import type { Decision } from '../decision/decision.ts';
import type { WindowState } from '../quota/store.ts';
import { windowNames } from '../quota/window.ts';
import { WindowTable } from './window-table.ts';

type Contract = NonNullable<Decision['identity']['contract']>;

/** The kind of policies whose counters are those of contracts. */
const KIND = 'rate-limiting-sla';
const MOST_WINDOWS = 10_000;
const LABELS = ['api', 'contract', 'policy', 'window'] as const;

/** How much of their quota contracts have used, as of the last decisions of this process. */
export interface ContractUsage {
  /** Runs on every Check: it only stores the decision, which is evaluated at a scrape. */
  decided(decision: Decision): void;
  readonly families: readonly [WindowTable<(typeof LABELS)[number]>, WindowTable<(typeof LABELS)[number]>];
}

/** The last decision by one policy about a contract. */
interface Seen {
  readonly policy: string;
  windows: readonly WindowState[];
  /** Milliseconds since the Unix epoch. */
  at: number;
  /** The next policy's. */
  readonly next: Seen | undefined;
}

/** The time of a decision may be wrong by this much: reading the clock each time would double the cost. */
const TIME_MS = 500;

/** @param now milliseconds since the Unix epoch */
export function createContractUsage(now: () => number, timers: Timers = systemTimers): ContractUsage {
  const seen = new Map<Contract, Seen>();
  let time: number | undefined;

  const shared = { labels: LABELS, most: MOST_WINDOWS, now };
  const used = new WindowTable({
    ...shared,
    name: 'ostiary_contract_used_units',
    help: 'Units that a contract has used of a window of its tier, as decisions of this process saw it last.',
    settle,
  });
  const limit = new WindowTable({
    ...shared,
    name: 'ostiary_contract_limit_units',
    help: 'Units that a contract may use in a window of its tier.',
    settle,
  });

  function timeAbout(): number {
    if (time === undefined) {
      time = now();
      timers.after(TIME_MS, () => {
        time = undefined;
      });
    }
    return time;
  }

  function take(contract: Contract, policy: string, windows: readonly WindowState[]): void {
    const first = seen.get(contract);
    for (let known = first; known !== undefined; known = known.next) {
      if (known.policy !== policy) continue;
      known.windows = windows;
      known.at = timeAbout();
      return;
    }
    if (first !== undefined || seen.size < MOST_WINDOWS)
      seen.set(contract, { policy, windows, at: timeAbout(), next: first });
  }

  /** Removes contracts that documents no longer have, or that have not called for longer than their windows. */
  function settle(): void {
    const at = now();
    for (const [contract, first] of seen) {
      let isOver = true;
      for (let known: Seen | undefined = first; known !== undefined; known = known.next) {
        note(contract, known);
        const seenAt = known.at;
        isOver &&= known.windows.every(({ resetMs }) => seenAt + resetMs <= at);
      }
      if (isOver) seen.delete(contract);
    }
  }

  function note(contract: Contract, { policy, windows, at }: Seen): void {
    const names = windowNames(windows.map((window) => window.limit));
    for (const [place, { limit: most, remaining, resetMs }] of windows.entries()) {
      const key = [contract.api, contract.name, policy, names[place] as string];
      used.set(used.rowOf(key), Math.max(0, most.maximumRequests - remaining), at + resetMs);
      limit.set(limit.rowOf(key), most.maximumRequests, at + resetMs);
    }
  }

  return {
    families: [used, limit],
    decided({ steps, identity }) {
      for (const { policy, mode, windows, name, identity: own } of steps) {
        if (policy !== KIND || windows === undefined || windows.length === 0 || mode === 'shadow') continue;
        const contract = own?.contract ?? identity.contract;
        if (contract !== undefined) take(contract, name, windows);
      }
    },
  };
}
