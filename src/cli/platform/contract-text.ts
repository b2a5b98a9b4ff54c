import { ContractState } from '../../../gen/ostiary/v1/contracts_pb.js';
import type { Contract, ContractRequest } from '../../../gen/ostiary/v1/contracts_pb.js';
import { shown } from '../analytics/shown.ts';
import { shortName } from './kinds.ts';
import { isoText, secondsText } from './moments.ts';

const STATES: ReadonlyMap<ContractState, string> = new Map([
  [ContractState.PENDING, 'pending'],
  [ContractState.APPROVED, 'approved'],
  [ContractState.REJECTED, 'rejected'],
  [ContractState.REVOKED, 'revoked'],
]);

/** One line: what a contract is, and what it waits for. */
export function contractLine(contract: Contract, isDryRun = false): string {
  const { expires, change, tier } = contract;
  const name = shown(shortName({ ...contract, kind: 'Contract' }));
  const parts = [
    ...(tier === '' ? [] : [`tier ${shown(tier)}`]),
    ...(expires === undefined ? [] : [`${contract.expired ? 'ended' : 'until'} ${secondsText(expires)}`]),
    ...(change === undefined ? [] : [`asks for tier ${shown(change.tier)}`]),
    ...(contract.missingApprovals === 0 ? [] : [approvalsText(contract.missingApprovals)]),
  ];
  const state = [stateText(contract), ...parts].join(', ');
  return isDryRun ? `${name} would be ${state} (dry run)` : `${name} is ${state} (revision ${contract.revision})`;
}

function stateText({ state }: Contract): string {
  return STATES.get(state) ?? 'in a state that this program does not know';
}

function approvalsText(missing: number): string {
  return `needs ${missing} ${missing === 1 ? 'approval' : 'approvals'}`;
}

/** All of a contract, a line each. */
export function contractLines(contract: Contract): readonly string[] {
  const { requested, change, decided, acceptedTerms, currentTerms } = contract;
  const terms =
    acceptedTerms === currentTerms ? acceptedTerms : `${acceptedTerms || 'none'}, now ${currentTerms || 'none'}`;
  const lines: readonly (readonly [string, string])[] = [
    ['Name', contract.name],
    ['Namespace', contract.namespace],
    ['Client', contract.clientApplication],
    ['API', contract.api],
    ['Tier', contract.tier],
    ['State', stateText(contract)],
    [contract.expired ? 'Ended' : 'Until', secondsText(contract.expires)],
    ['Terms of use', terms],
    ...requestLines('Asked', requested),
    ['Asks for', change === undefined ? '' : `tier ${change.tier}`],
    ...requestLines('Asked', change?.request),
    ['Decided', decided === undefined ? '' : `${decided.what} by ${decided.by}, ${secondsText(decided.at)}`],
    ['Comment', decided?.comment ?? ''],
    ['Waits', contract.missingApprovals === 0 ? '' : approvalsText(contract.missingApprovals)],
    ['Revision', String(contract.revision)],
  ];
  return lines.filter(([, value]) => value !== '').map(([title, value]) => `${`${title}:`.padEnd(14)}${shown(value)}`);
}

function requestLines(title: string, request: ContractRequest | undefined): readonly (readonly [string, string])[] {
  if (request === undefined) return [];
  const { by, person, at, reason, approvals } = request;
  const who = person === '' ? by : `${by} of ${person}`;
  return [
    [title, `by ${who}, ${secondsText(at)}`],
    ['Why', reason],
    ...approvals.map((each) => {
      const comment = each.comment === '' ? '' : `: ${each.comment}`;
      return ['Approved', `by ${each.by}, ${secondsText(each.at)}${comment}`] as const;
    }),
  ];
}

/** What JSON output says of a contract; undefined: there is none. */
export function contractJson(contract: Contract | undefined): object | undefined {
  if (contract === undefined) return undefined;
  const { namespace, name, clientApplication, api, tier, state, expires, revision, change, decided } = contract;
  const { requested, acceptedTerms, currentTerms, missingApprovals } = contract;
  return {
    namespace,
    name,
    clientApplication,
    api,
    ...(tier !== '' && { tier }),
    state: STATES.get(state) ?? 'unknown',
    ...(expires !== undefined && { expires: isoText(expires), expired: contract.expired }),
    ...(acceptedTerms !== '' && { acceptedTerms }),
    ...(currentTerms !== '' && { currentTerms }),
    ...(requested !== undefined && { requested: requestJson(requested) }),
    ...(change !== undefined && {
      change: {
        tier: change.tier,
        ...(change.acceptedTerms !== '' && { acceptedTerms: change.acceptedTerms }),
        ...(change.request !== undefined && requestJson(change.request)),
      },
    }),
    ...(decided !== undefined && {
      decided: {
        what: decided.what,
        by: decided.by,
        at: isoText(decided.at),
        ...(decided.comment !== '' && { comment: decided.comment }),
      },
    }),
    ...(missingApprovals > 0 && { missingApprovals }),
    revision: Number(revision),
  };
}

function requestJson({ by, person, at, reason, approvals }: ContractRequest): object {
  const signed = (each: Pick<ContractRequest, 'by' | 'person' | 'at'>): object => {
    return { by: each.by, ...(each.person !== '' && { person: each.person }), at: isoText(each.at) };
  };
  return {
    ...signed({ by, person, at }),
    ...(reason !== '' && { reason }),
    ...(approvals.length > 0 && {
      approvals: approvals.map((each) => ({ ...signed(each), ...(each.comment !== '' && { comment: each.comment }) })),
    }),
  };
}
