import { isRecord } from '../document/load.ts';
import { recordOf } from './contract-record.ts';
import { valueAt } from './facts.ts';

/** What a contract's document may say. */
export type ContractStatus = 'pending' | 'approved' | 'rejected' | 'revoked';
/** `moving`: approved, while a request for another tier waits. */
export type ContractState = ContractStatus | 'moving';
export type ContractAction = 'approve' | 'reject' | 'revoke' | 'restore' | 'changeTier' | 'withdraw' | 'setExpiry';

interface Transition {
  readonly from: readonly ContractState[];
  /** What it is afterwards, where that is one thing. */
  readonly to?: ContractStatus;
  /** What is done with the contract. */
  readonly done: string;
}

/** What may become of a contract. */
const TRANSITIONS: Readonly<Record<ContractAction, Transition>> = {
  approve: { from: ['pending', 'rejected', 'moving'], to: 'approved', done: 'approved' },
  reject: { from: ['pending', 'moving'], to: 'rejected', done: 'rejected' },
  revoke: { from: ['approved', 'moving'], to: 'revoked', done: 'revoked' },
  restore: { from: ['revoked'], to: 'approved', done: 'restored' },
  changeTier: { from: ['pending', 'approved', 'moving'], done: 'moved to another tier' },
  withdraw: { from: ['pending', 'moving'], done: 'withdrawn' },
  setExpiry: { from: ['approved', 'moving', 'revoked'], done: 'given an end' },
};

const WORDS: Readonly<Record<ContractState, string>> = {
  pending: 'pending',
  approved: 'approved',
  rejected: 'rejected',
  revoked: 'revoked',
  moving: 'approved and asks for another tier',
};

/** What a tier of an API says about new contracts. */
export interface TierTerms {
  readonly name: string;
  readonly autoApprove: boolean;
  readonly deprecated: boolean;
  /** How many people have to approve, none of whom asked; undefined: one, who may have asked too. */
  readonly approvers: number | undefined;
}

/** @param api the document of an Api; undefined: there is none */
export function tiersOf(api: unknown): readonly TierTerms[] {
  const tiers = valueAt(api, ['spec', 'tiers']);
  if (!Array.isArray(tiers)) return [];
  return tiers.filter(isRecord).map((tier) => ({
    name: String(tier['name']),
    autoApprove: tier['autoApprove'] === true,
    deprecated: tier['deprecated'] === true,
    approvers: typeof tier['approvers'] === 'number' ? tier['approvers'] : undefined,
  }));
}

/** @returns undefined where the API has no tier of this name */
export function tierNamed(api: unknown, name: string | undefined): TierTerms | undefined {
  return tiersOf(api).find((tier) => tier.name === name);
}

/** The tier that a contract names. */
export function tierOf(contract: unknown): string | undefined {
  const tier = valueAt(contract, ['spec', 'tier']);
  return typeof tier === 'string' ? tier : undefined;
}

/** The status that a contract has: one that its document does not tell is its tier's to say. */
export function statusOf(contract: unknown, api: unknown): ContractStatus {
  const written = valueAt(contract, ['spec', 'status']);
  if (isStatus(written)) return written;
  return tierNamed(api, tierOf(contract))?.autoApprove === true ? 'approved' : 'pending';
}

export function stateOf(contract: unknown, api: unknown): ContractState {
  const status = statusOf(contract, api);
  return status === 'approved' && recordOf(contract).change !== undefined ? 'moving' : status;
}

function isStatus(value: unknown): value is ContractStatus {
  return value === 'pending' || value === 'approved' || value === 'rejected' || value === 'revoked';
}

/** Why the action is not for a contract in this state, and what may be done; undefined: it is. */
export function refusalOf(action: ContractAction, state: ContractState): string | undefined {
  const { from, done, to } = TRANSITIONS[action];
  if (from.includes(state)) return undefined;
  if (to === state) return `is ${state} already: ${remedyOf(state)}`;
  return `is ${WORDS[state]}, so it can't be ${done}: ${remedyOf(state)}`;
}

/** What may be done with a contract in this state. */
export function remedyOf(state: ContractState): string {
  const allowed = Object.values(TRANSITIONS)
    .filter(({ from }) => from.includes(state))
    .map(({ done }) => done);
  if (state === 'rejected') allowed.push('asked for again');
  const last = allowed.pop() ?? '';
  return `it may be ${allowed.length === 0 ? last : `${allowed.join(', ')} or ${last}`}`;
}

/** What it is called in messages. */
export function wordsOf(state: ContractState): string {
  return WORDS[state];
}
