import { Code, RpcError } from '../grpc/rpc.ts';
import { approvalOf } from './contract-record.ts';
import type { Approval, ContractRequest, Deed } from './contract-record.ts';

/** The person behind a name of the audit log; undefined: a token that is nobody's. */
function personOf({ by, person }: { readonly by: string; readonly person?: string }): string | undefined {
  const name = person ?? (by.startsWith('token:') ? undefined : by);
  // Addresses of mail are often written in several ways.
  return name?.toLowerCase();
}

/** Whether the same person did both. */
export function isSamePerson(one: Pick<Deed, 'by' | 'person'>, other: Pick<Deed, 'by' | 'person'>): boolean {
  return one.by === other.by || (personOf(one) !== undefined && personOf(one) === personOf(other));
}

/**
 * The approvals of a request with one more.
 * @param approvers how many people the tier asks for, none of whom asked; undefined: it does not say
 * @throws RpcError where this is not the one more that it needs
 */
export function approvalsWith(
  request: ContractRequest | undefined,
  deed: Deed,
  approvers: number | undefined,
  subject: string,
): { readonly approvals: readonly Approval[]; readonly isEnough: boolean } {
  const given = request?.approvals ?? [];
  const approvals = [...given.filter((each) => !isSamePerson(each, deed)), approvalOf(deed)];
  if (approvers === undefined) return { approvals: [approvalOf(deed)], isEnough: true };
  const refuse = (why: string): never => {
    const people = approvers === 1 ? 'somebody who did not ask' : `${approvers} people who did not ask`;
    throw new RpcError(Code.failedPrecondition, `${subject}: its tier wants the approval of ${people}, and ${why}`);
  };
  if (personOf(deed) === undefined) refuse(`${deed.by} is no person's: approve as yourself`);
  const applicants = [request, request?.tierBy].filter((each) => each !== undefined);
  if (applicants.some((each) => isSamePerson(each, deed))) refuse(`${deed.by} asked for it: somebody else has to`);
  const isEnough = approvals.length >= approvers;
  if (!isEnough && approvals.length === given.length)
    refuse(`${deed.by} has approved it already: somebody else has to`);
  return { approvals, isEnough };
}

/** How many have to approve yet. */
export function missingApprovals(request: ContractRequest | undefined, approvers: number | undefined): number {
  return Math.max(1, (approvers ?? 1) - (approvers === undefined ? 0 : (request?.approvals ?? []).length));
}
