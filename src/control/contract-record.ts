import type { Identity } from '../access/caller.ts';
import { isRecord } from '../document/load.ts';
import { valueAt } from './facts.ts';

/** Somebody did something with a contract. */
export interface Deed {
  /** As the audit log keeps them. */
  readonly by: string;
  /** Whose token they used; absent: `by` is the person, or nobody's token. */
  readonly person?: string;
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  /** In their words; may be empty. */
  readonly comment: string;
}

export function deedOf({ name: by, person }: Pick<Identity, 'name' | 'person'>, comment: string, atMs: number): Deed {
  return { by, ...(person !== undefined && { person }), atMs, comment };
}

/** A deed as a contract keeps it. */
export interface Signed {
  readonly by: string;
  readonly person?: string;
  /** RFC 3339. */
  readonly at: string;
}

export interface Approval extends Signed {
  readonly comment?: string;
}

export interface ContractRequest extends Signed {
  readonly reason?: string;
  /** Who chose another tier while it waited. */
  readonly tierBy?: Signed;
  readonly approvals?: readonly Approval[];
}

/** A request for another tier, which waits. */
export interface TierChange extends ContractRequest {
  readonly tier: string;
  readonly acceptedTerms?: string;
}

export interface Decision extends Signed {
  /** `moved`, `kept`: to another tier, or not. */
  readonly what: 'approved' | 'rejected' | 'revoked' | 'restored' | 'moved' | 'kept';
  readonly comment?: string;
}

/** How a contract came to be what it is: no sidecar is sent it. */
export interface ContractRecord {
  readonly requested?: ContractRequest;
  readonly change?: TierChange;
  readonly decided?: Decision;
}

/** Who decides where a tier approves at once. */
export const BY_TIER = 'tier';

/** Its form was checked when it was written. */
export function recordOf(contract: unknown): ContractRecord {
  const record = valueAt(contract, ['spec', 'record']);
  return isRecord(record) ? record : {};
}

/** What a document of a contract need not say: where it does not, it stays. */
const KEPT = ['record', 'acceptedTerms', 'status'] as const;

/** A contract as somebody applies it, with what was decided and told before. @param before the document in the log */
export function withKept(document: Fields, before: unknown): Fields {
  const { spec } = document;
  const known = valueAt(before, ['spec']);
  if (document['kind'] !== 'Contract' || !isRecord(spec) || !isRecord(known)) return document;
  // Of another application or API it is another contract.
  if (['api', 'clientApplication'].some((field) => spec[field] !== known[field])) return document;
  const kept = KEPT.filter((field) => spec[field] === undefined && known[field] !== undefined);
  if (kept.length === 0) return document;
  return { ...document, spec: { ...spec, ...Object.fromEntries(kept.map((field) => [field, known[field]])) } };
}

type Fields = Readonly<Record<string, unknown>>;

export function signed({ by, person, atMs }: Deed): Signed {
  return { by, ...(person !== undefined && { person }), at: new Date(atMs).toISOString() };
}

export function requestOf(deed: Deed): ContractRequest {
  return { ...signed(deed), ...(deed.comment !== '' && { reason: deed.comment }) };
}

export function approvalOf(deed: Deed): Approval {
  return { ...signed(deed), ...(deed.comment !== '' && { comment: deed.comment }) };
}

export function decisionOf(what: Decision['what'], deed: Deed): Decision {
  return { what, ...approvalOf(deed) };
}

/** Of a tier that approves at once. */
export function decidedByTier(what: 'approved' | 'moved', { atMs }: Deed): Decision {
  return { what, by: BY_TIER, at: new Date(atMs).toISOString() };
}
