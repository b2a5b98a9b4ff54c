import { isWide } from '../access/memberships.ts';
import type { Caller } from '../access/caller.ts';
import type { Receipt } from '../../gen/ostiary/v1/receipt_pb.js';

/** Sidecars are the platform's: others hear how many, and not which. */
const UNNAMED = '(a sidecar)';

/** Leaves names of sidecars out of the receipt of an answer, unless the caller may list them. */
export function withoutNodes<Answer extends object>(answer: Answer, { grants }: Pick<Caller, 'grants'>): Answer {
  const { receipt } = answer as { readonly receipt?: Receipt };
  if (receipt === undefined || grants.some(isWide)) return answer;
  const { pending, unreachable } = receipt;
  const told = { ...receipt, pending: pending.map(() => UNNAMED), unreachable: unreachable.map(() => UNNAMED) };
  return { ...answer, receipt: told };
}
