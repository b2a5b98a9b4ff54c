import type { Decision, Step } from '../decision/decision.ts';
import type { Limit } from '../quota/limit.ts';
import type { WindowState } from '../quota/store.ts';
import { windowNames } from '../quota/window.ts';
import { WindowTable } from './window-table.ts';

type Contract = NonNullable<Decision['identity']['contract']>;

/** The kind of policies whose counters are those of contracts. */
const KIND = 'rate-limiting-sla';
const MOST_WINDOWS = 10_000;
const LABELS = ['api', 'contract', 'policy', 'window'] as const;

/** How much of their quota contracts have used, as the decisions of this process saw it last. */
export interface ContractUsage {
  /** @param now milliseconds since the Unix epoch */
  decided(decision: Decision, now: number): void;
  readonly families: readonly [WindowTable<(typeof LABELS)[number]>, WindowTable<(typeof LABELS)[number]>];
}

/** The rows of one policy's windows, of which the limits are those of the documents that were in force then. */
interface Known {
  readonly policy: string;
  readonly limits: readonly Limit[];
  readonly rows: readonly number[];
}

/** @param now milliseconds since the Unix epoch */
export function createContractUsage(now: () => number): ContractUsage {
  const used = new WindowTable({
    name: 'ostiary_contract_used_units',
    help: 'Units that a contract has used of a window of its tier, as decisions of this process saw it last.',
    labels: LABELS,
    most: MOST_WINDOWS,
    now,
  });
  const limit = new WindowTable({
    name: 'ostiary_contract_limit_units',
    help: 'Units that a contract may use in a window of its tier.',
    labels: LABELS,
    most: MOST_WINDOWS,
    now,
  });
  const known = new WeakMap<Contract, Known[]>();

  function rowsOf(contract: Contract, { name, windows = [] }: Step): readonly number[] {
    const ofContract = known.get(contract);
    const found = ofContract?.find(({ policy }) => policy === name);
    if (found !== undefined && isOf(found.limits, windows)) return found.rows;
    const limits = windows.map((window) => window.limit);
    const names = windowNames(limits);
    const rows = names.map((window) => {
      const key = [contract.api, contract.name, name, window];
      limit.rowOf(key);
      return used.rowOf(key);
    });
    const others = ofContract?.filter(({ policy }) => policy !== name) ?? [];
    known.set(contract, [...others, { policy: name, limits, rows }]);
    return rows;
  }

  return {
    families: [used, limit],
    decided({ steps, identity }, at) {
      for (const step of steps) {
        const { windows } = step;
        if (windows === undefined || windows.length === 0 || step.policy !== KIND || step.mode === 'shadow') continue;
        const contract = step.identity?.contract ?? identity.contract;
        if (contract === undefined) continue;
        const rows = rowsOf(contract, step);
        for (let place = 0; place < rows.length; place++) {
          const window = windows[place];
          const row = rows[place] as number;
          if (window === undefined) continue;
          const most = window.limit.maximumRequests;
          const until = at + window.resetMs;
          used.set(row, Math.max(0, most - window.remaining), until);
          limit.set(row, most, until);
        }
      }
    },
  };
}

function isOf(limits: readonly Limit[], windows: readonly WindowState[]): boolean {
  if (limits.length !== windows.length) return false;
  for (let place = 0; place < limits.length; place++) if (limits[place] !== windows[place]?.limit) return false;
  return true;
}
