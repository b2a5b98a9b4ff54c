import type { Identity } from '../access/caller.ts';
import { isRecord } from '../document/load.ts';
import { canonicalJson } from '../document/version.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import { keyText } from '../registry/conflict.ts';
import type { Resource, ResourceKey } from '../registry/log.ts';
import { approvalOf, decisionOf, deedOf, recordOf, requestOf, signed } from './contract-record.ts';
import type { ContractRecord, Decision, Deed } from './contract-record.ts';
import { statusOf, tierNamed, tierOf } from './contract-states.ts';
import type { ContractStatus } from './contract-states.ts';
import { whyNoNewContract, whyNotAccepted } from './contract-terms.ts';
import { valueAt } from './facts.ts';

type Json = Readonly<Record<string, unknown>>;

/** A contract that is applied as a document, as far as its writer may write it. */
interface AppliedContract {
  readonly key: ResourceKey;
  readonly before: Resource | undefined;
  readonly document: Json;
  /** Undefined: it is not there. */
  readonly api: Resource | undefined;
  readonly by: Identity;
  readonly nowMs: number;
  /** Whatever they write counts: it may come from a backup. */
  readonly isPlatformAdmin: boolean;
}

/**
 * A contract that is applied, with how it came to be what it is. What one person alone can't decide, no document decides, and
 * what a request has to accept, a document has to.
 * @throws RpcError
 */
export function contractAsApplied(applied: AppliedContract): Json {
  const { before, document, isPlatformAdmin } = applied;
  if (!isRecord(document['spec'])) return document;
  if (isPlatformAdmin) {
    const [old, written] = [valueAt(before?.document, ['spec', 'record']), document['spec']['record']];
    const isTold = old === undefined || canonicalJson(old) !== canonicalJson(written ?? null);
    return isTold ? document : withRecord(document, recordAfter(applied));
  }
  refuseAlone(applied);
  refuseNew(applied);
  return withRecord(document, recordAfter(applied));
}

/** @throws RpcError where several people have to approve what the document says */
function refuseAlone({ key, before, document, api }: AppliedContract): void {
  const tier = tierOf(document);
  const { approvers } = tierNamed(api?.document, tier) ?? {};
  if (approvers === undefined || statusOf(document, api?.document) !== 'approved') return;
  const wasApproved = before !== undefined && statusOf(before.document, api?.document) === 'approved';
  if (wasApproved && tierOf(before.document) === tier && isSameParties(before.document, document)) return;
  const how = wasApproved ? 'ask for it (ostiary contract change-tier)' : 'leave status out';
  const why = `its tier ${tier} wants the approval of people who did not ask, and not of a document`;
  throw new RpcError(
    Code.failedPrecondition,
    `${keyText(key)}: ${why}: ${how}, and approve it (ostiary contract approve)`,
  );
}

/** @throws RpcError where the API takes no such request */
function refuseNew({ key, before, document, api }: AppliedContract): void {
  if (api === undefined) return;
  const isAsked = before === undefined || tierOf(before.document) !== tierOf(document);
  // Whoever decides may write an approved one.
  if (!isAsked || valueAt(document, ['spec', 'status']) !== undefined) return;
  const accepted = valueAt(document, ['spec', 'acceptedTerms']);
  const why =
    whyNoNewContract(api, tierOf(document)) ?? whyNotAccepted(api, typeof accepted === 'string' ? accepted : '');
  if (why !== undefined) throw new RpcError(Code.failedPrecondition, `${keyText(key)}: ${why} (spec.acceptedTerms)`);
}

function recordAfter({ before, document, api, by, nowMs }: AppliedContract): ContractRecord {
  const deed = deedOf(by, '', nowMs);
  const status = statusOf(document, api?.document);
  const isOther = before === undefined || !isSameParties(before.document, document);
  const record = isOther ? { requested: requestOf(deed) } : recordOf(before.document);
  const was = isOther ? undefined : statusOf(before.document, api?.document);
  const isMoved = !isOther && tierOf(before.document) !== tierOf(document);
  const { change, ...kept } = record;
  // A request for another tier ends with the contract, or with another one.
  const waiting = change !== undefined && status === 'approved' && !isMoved ? { change } : {};
  const asked = isOther || status !== 'pending' ? kept : askedAnew(kept, deed, before.document, document);
  if (was === status || (was === undefined && status === 'pending')) return { ...asked, ...waiting };
  const decided = decisionOf(whatOf(was, status), deed);
  if (status !== 'approved' || was === 'revoked') return { ...asked, decided };
  return { ...asked, requested: { ...(asked.requested ?? signed(deed)), approvals: [approvalOf(deed)] }, decided };
}

/** A request that waits: nobody has approved what it has become, such as one that does not end. */
function askedAnew(
  { requested, ...record }: ContractRecord,
  deed: Deed,
  before: unknown,
  document: Json,
): ContractRecord {
  if (termsAsked(before) === termsAsked(document)) return { ...record, ...(requested && { requested }) };
  const { approvals: _forOther, ...rest } = requested ?? requestOf(deed);
  const isMoved = tierOf(before) !== tierOf(document);
  return { ...record, requested: { ...rest, ...(isMoved && { tierBy: signed(deed) }) } };
}

function termsAsked(contract: unknown): string {
  const spec = valueAt(contract, ['spec']);
  return canonicalJson({ ...(isRecord(spec) && spec), record: null, status: null, acceptedTerms: null });
}

function whatOf(was: ContractStatus | undefined, is: ContractStatus): Decision['what'] {
  if (is === 'approved' && was === 'revoked') return 'restored';
  return is === 'pending' ? 'kept' : is;
}

function isSameParties(one: unknown, other: unknown): boolean {
  return ['api', 'clientApplication'].every(
    (field) => valueAt(one, ['spec', field]) === valueAt(other, ['spec', field]),
  );
}

function withRecord(document: Json, record: ContractRecord): Json {
  const { record: _before, ...spec } = document['spec'] as Json;
  return { ...document, spec: { ...spec, ...(Object.keys(record).length > 0 && { record }) } };
}
