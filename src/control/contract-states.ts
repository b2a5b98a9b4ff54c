import { isRecord } from '../document/load.ts';
import { valueAt } from './facts.ts';

export type ContractStatus = 'pending' | 'approved' | 'rejected' | 'revoked';
export type ContractAction = 'approve' | 'reject' | 'revoke' | 'restore' | 'changeTier';

interface Transition {
  readonly from: readonly ContractStatus[];
  /** Undefined: it stays what it is. */
  readonly to: ContractStatus | undefined;
  /** What is done with the contract. */
  readonly done: string;
}

/** What may become of a contract. */
const TRANSITIONS: Readonly<Record<ContractAction, Transition>> = {
  approve: { from: ['pending', 'rejected'], to: 'approved', done: 'approved' },
  reject: { from: ['pending'], to: 'rejected', done: 'rejected' },
  revoke: { from: ['approved'], to: 'revoked', done: 'revoked' },
  restore: { from: ['revoked'], to: 'approved', done: 'restored' },
  changeTier: { from: ['pending', 'approved'], to: undefined, done: 'moved to another tier' },
};

/** What a tier of an API says about new contracts. */
export interface TierTerms {
  readonly name: string;
  readonly autoApprove: boolean;
  readonly deprecated: boolean;
}

/** @param api the document of an Api; undefined: there is none */
export function tiersOf(api: unknown): readonly TierTerms[] {
  const tiers = valueAt(api, ['spec', 'tiers']);
  if (!Array.isArray(tiers)) return [];
  return tiers.filter(isRecord).map((tier) => ({
    name: String(tier['name']),
    autoApprove: tier['autoApprove'] === true,
    deprecated: tier['deprecated'] === true,
  }));
}

/** The status that a contract has: one that its document does not tell is its tier's to say. */
export function statusOf(contract: unknown, api: unknown): ContractStatus {
  const written = valueAt(contract, ['spec', 'status']);
  if (isStatus(written)) return written;
  const named = valueAt(contract, ['spec', 'tier']);
  const tier = tiersOf(api).find(({ name }) => name === named);
  return tier?.autoApprove === true ? 'approved' : 'pending';
}

function isStatus(value: unknown): value is ContractStatus {
  return value === 'pending' || value === 'approved' || value === 'rejected' || value === 'revoked';
}

/** The status after an action. */
export function statusAfter(action: ContractAction, before: ContractStatus): ContractStatus {
  return TRANSITIONS[action].to ?? before;
}

/** Why the action is not for a contract in this state, and what may be done; undefined: it is. */
export function refusalOf(action: ContractAction, status: ContractStatus): string | undefined {
  const { from, done, to } = TRANSITIONS[action];
  if (from.includes(status)) return undefined;
  if (to === status) return `is ${status} already: ${remedyOf(status)}`;
  return `is ${status}, so it can't be ${done}: ${remedyOf(status)}`;
}

/** What may be done with a contract in this state. */
export function remedyOf(status: ContractStatus): string {
  const allowed = Object.values(TRANSITIONS)
    .filter(({ from }) => from.includes(status))
    .map(({ done }) => done);
  const last = allowed.pop() ?? '';
  return `it may be ${allowed.length === 0 ? last : `${allowed.join(', ')} or ${last}`}`;
}
