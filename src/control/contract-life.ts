import { Code, RpcError } from '../grpc/rpc.ts';
import { keyText } from '../registry/conflict.ts';
import type { Resource } from '../registry/log.ts';
import { approvalsWith, isSamePerson } from './contract-approvers.ts';
import { decidedByTier, decisionOf, recordOf, requestOf, signed } from './contract-record.ts';
import type { ContractRecord, ContractRequest, Deed } from './contract-record.ts';
import { refusalOf, stateOf, tierNamed, tierOf } from './contract-states.ts';
import type { ContractAction, ContractState } from './contract-states.ts';
import { refuseNewContract, refuseUnaccepted, termsOf } from './contract-terms.ts';
import type { Json } from './editing.ts';
import { valueAt } from './facts.ts';

/** A contract, and what it is made with, as an action finds them. */
export interface FoundContract {
  readonly contract: Resource;
  /** Undefined: it is not there. */
  readonly api: Resource | undefined;
}

// What becomes of a contract by each action. All of them throw RpcError where the action is not for it.

/** @param expiresAtMs when it ends; undefined: when it would anyway */
export function approved(found: FoundContract, deed: Deed, expiresAtMs: number | undefined): Json {
  const state = allowed('approve', found);
  const { contract, api } = found;
  const record = recordOf(contract.document);
  const isMove = state === 'moving';
  const tier = isMove ? record.change?.tier : tierOf(contract.document);
  if (api !== undefined) refuseNewContract(api, tier);
  const end = endOf(found, deed, expiresAtMs);
  // What was approved before a rejection has been rejected with it.
  const { approvals: _earlier, ...anew } = record.requested ?? {};
  const request = isMove ? record.change : state === 'rejected' ? (anew as ContractRequest) : record.requested;
  const { approvers } = tierNamed(api?.document, tier) ?? {};
  const { approvals, isEnough } = approvalsWith(request, deed, approvers, keyText(contract));
  const { change: _moved, ...kept } = record;
  const signedOff = { ...(request ?? signed(deed)), approvals };
  if (!isEnough) {
    return isMove
      ? edited(found, end, { ...record, change: signedOff as ContractRecord['change'] & {} })
      : edited(found, { ...end, status: 'pending' }, { ...kept, requested: signedOff });
  }
  const decided = decisionOf(isMove ? 'moved' : 'approved', deed);
  const {
    tier: _tier,
    acceptedTerms,
    ...requested
  } = signedOff as ContractRequest & { tier?: string; acceptedTerms?: string };
  const moved = isMove ? { tier, ...(acceptedTerms !== undefined && { acceptedTerms }) } : {};
  return edited(found, { ...end, ...moved, status: 'approved' }, { requested, decided });
}

export function rejected(found: FoundContract, deed: Deed): Json {
  const state = allowed('reject', found);
  const { change: _refused, requested, ...kept } = recordOf(found.contract.document);
  if (state === 'moving') {
    const record = { ...kept, ...(requested && { requested }), decided: decisionOf('kept', deed) };
    return edited(found, {}, record);
  }
  const record = { ...kept, ...(requested && { requested }), decided: decisionOf('rejected', deed) };
  return edited(found, { status: 'rejected' }, record);
}

/** A request for another tier that waits ends with it. */
export function revoked(found: FoundContract, deed: Deed): Json {
  allowed('revoke', found);
  const { change: _ended, ...kept } = recordOf(found.contract.document);
  return edited(found, { status: 'revoked' }, { ...kept, decided: decisionOf('revoked', deed) });
}

export function restored(found: FoundContract, deed: Deed): Json {
  allowed('restore', found);
  const end = endOf(found, deed, undefined);
  const record = recordOf(found.contract.document);
  return edited(found, { ...end, status: 'approved' }, { ...record, decided: decisionOf('restored', deed) });
}

/** @param acceptedTerms the version of the terms of use that are accepted; empty: none */
export function movedTo(tier: string, acceptedTerms: string, found: FoundContract, deed: Deed): Json {
  const state = allowed('changeTier', found);
  const { contract, api } = found;
  const record = recordOf(contract.document);
  const { change, ...kept } = record;
  if (tier === tierOf(contract.document)) {
    if (change === undefined) return contract.document as Json;
    const remedy = 'withdraw its request for another tier to keep it';
    throw new RpcError(Code.failedPrecondition, `${keyText(contract)} is of the tier ${tier} already: ${remedy}`);
  }
  const terms = api === undefined ? {} : acceptedWith(api, contract.document, acceptedTerms);
  if (api !== undefined) refuseNewContract(api, tier);
  const isAtOnce = tierNamed(api?.document, tier)?.autoApprove === true;
  if (state === 'pending') {
    const { approvals: _forOther, ...requested } = record.requested ?? requestOf(deed);
    const asked = { ...requested, tierBy: signed(deed) };
    return isAtOnce
      ? edited(
          found,
          { tier, ...terms, status: 'approved' },
          { requested: asked, decided: decidedByTier('approved', deed) },
        )
      : edited(found, { tier, ...terms, status: 'pending' }, { ...kept, requested: asked });
  }
  if (isAtOnce) {
    const moved = { requested: requestOf(deed), decided: decidedByTier('moved', deed) };
    return edited(found, { tier, ...terms, status: 'approved' }, moved);
  }
  refuseUnknownTier(api, tier, contract);
  return edited(found, { status: 'approved' }, { ...kept, change: { tier, ...terms, ...requestOf(deed) } });
}

/** By whoever asked. @returns undefined: it goes altogether */
export function withdrawn(found: FoundContract, deed: Deed): Json | undefined {
  const state = allowed('withdraw', found);
  const { change, ...kept } = recordOf(found.contract.document);
  const request = state === 'moving' ? change : kept.requested;
  if (request === undefined || !isSamePerson(request, deed)) {
    const who = request === undefined ? 'nobody who is known' : request.by;
    const why = `was asked for by ${who}, who alone may withdraw it: whoever decides may reject it`;
    throw new RpcError(Code.permissionDenied, `${keyText(found.contract)} ${why}`);
  }
  return state === 'moving' ? edited(found, {}, kept) : undefined;
}

/** @param expiresAtMs undefined: it does not end */
export function endingAt(expiresAtMs: number | undefined, found: FoundContract, deed: Deed): Json {
  allowed('setExpiry', found);
  if (expiresAtMs !== undefined) refusePast(expiresAtMs, deed);
  const expiresAt = expiresAtMs === undefined ? undefined : new Date(expiresAtMs).toISOString();
  return edited(found, { expiresAt }, recordOf(found.contract.document));
}

/** @throws RpcError */
function allowed(action: ContractAction, { contract, api }: FoundContract): ContractState {
  const state = stateOf(contract.document, api?.document);
  const refusal = refusalOf(action, state);
  if (refusal !== undefined) throw new RpcError(Code.failedPrecondition, `${keyText(contract)} ${refusal}`);
  return state;
}

/** @throws RpcError where it would have ended already */
function endOf(
  { contract }: FoundContract,
  deed: Deed,
  expiresAtMs: number | undefined,
): { readonly expiresAt?: string } {
  if (expiresAtMs !== undefined) {
    refusePast(expiresAtMs, deed);
    return { expiresAt: new Date(expiresAtMs).toISOString() };
  }
  const written = valueAt(contract.document, ['spec', 'expiresAt']);
  if (typeof written === 'string' && Date.parse(written) <= deed.atMs) {
    const remedy = 'give it another end first, or with the approval (expires, --expires)';
    throw new RpcError(Code.failedPrecondition, `${keyText(contract)} has ended at ${written}: ${remedy}`);
  }
  return {};
}

function refusePast(expiresAtMs: number, { atMs }: Deed): void {
  if (expiresAtMs > atMs) return;
  const moment = new Date(expiresAtMs).toISOString();
  throw new RpcError(Code.invalidArgument, `expires is ${moment}, which is over: to end a contract now, revoke it`);
}

/** The terms of use that a request for another tier accepts, where they are others than before. */
function acceptedWith(api: Resource, contract: unknown, given: string): { readonly acceptedTerms?: string } {
  const terms = termsOf(api.document);
  const accepted = valueAt(contract, ['spec', 'acceptedTerms']);
  if (given === '' && (terms === undefined || accepted === terms.version)) return {};
  refuseUnaccepted(api, given);
  return { acceptedTerms: given };
}

/** No compiler looks at a tier that is only asked for. */
function refuseUnknownTier(api: Resource | undefined, tier: string, contract: Resource): void {
  if (api === undefined || tierNamed(api.document, tier) !== undefined) return;
  const message = `tier: ${keyText(api)}, the API of ${keyText(contract)}, has no tier ${JSON.stringify(tier)}`;
  throw new RpcError(Code.invalidArgument, message);
}

/** @param spec fields that change; undefined: the field goes */
function edited({ contract }: FoundContract, spec: Json, record: ContractRecord): Json {
  const document = contract.document as Json;
  const fields = { ...(document['spec'] as Json), ...spec, record };
  const kept = Object.entries(fields).filter(([key, value]) => {
    return value !== undefined && (key !== 'record' || Object.keys(record).length > 0);
  });
  return { ...document, spec: Object.fromEntries(kept) };
}
