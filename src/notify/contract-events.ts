import type { Change, ResourceKey } from '../registry/log.ts';
import type { Draft } from './event.ts';
import type { EventName } from './event-kinds.ts';
import { keyReferred, subjectOf, textAt, titleOf, valueAt, whoText } from './surroundings.ts';
import type { ContractReading, Surroundings } from './surroundings.ts';

/** The two that a contract is between. */
export interface Parties {
  readonly api: ResourceKey | undefined;
  readonly application: ResourceKey | undefined;
}

export function partiesOf({ namespace }: ResourceKey, contract: unknown): Parties {
  return {
    api: keyReferred('Api', namespace, textAt(contract, 'spec.api')),
    application: keyReferred('ClientApplication', namespace, textAt(contract, 'spec.clientApplication')),
  };
}

/** The teams that a contract concerns: that of its API first. */
export function contractTeams(key: ResourceKey, contract: unknown, around: Surroundings): readonly string[] {
  const { api, application } = partiesOf(key, contract);
  const ofApi = around.teamOf(api ?? key);
  return application === undefined ? [ofApi] : [ofApi, around.teamOf(application)];
}

/** `of Web shop with Orders, tier gold`. */
export function betweenText(key: ResourceKey, contract: unknown, around: Surroundings): string {
  const { api, application } = partiesOf(key, contract);
  const of = application === undefined ? '' : ` of ${titleOf(application, around.document(application))}`;
  const to = api === undefined ? '' : ` with ${titleOf(api, around.document(api))}`;
  const tier = textAt(contract, 'spec.tier');
  return `${of}${to}${tier === undefined ? '' : `, tier ${tier}`}`;
}

/** What a contract is, for the data of its events. */
export function contractData(key: ResourceKey, contract: unknown): NonNullable<Draft['data']> {
  const { api, application } = partiesOf(key, contract);
  return {
    api: api && `${api.namespace}/${api.name}`,
    clientApplication: application && `${application.namespace}/${application.name}`,
    tier: textAt(contract, 'spec.tier'),
    expiresAt: textAt(contract, 'spec.expiresAt'),
  };
}

/** The state of a contract that events are told of. */
interface Seen {
  readonly status: string;
  readonly tier: string | undefined;
  /** Another tier, which a request asks for that waits. */
  readonly requestedTier: string | undefined;
  /** How many have approved what waits. */
  readonly approvals: number;
}

/** What a write of a contract has made of it. */
export function contractEvents(change: Change, around: Surroundings, reading: ContractReading): readonly Draft[] {
  const { actor, before, after } = change;
  const document = (after ?? before)?.document;
  const who = whoText(actor);
  const of = betweenText(change, document, around);
  const draft = (event: EventName, text: string, more: Draft['data'] = {}): Draft => ({
    event,
    by: actor,
    reason: change.reason,
    about: subjectOf(change, document),
    teams: contractTeams(change, document, around),
    text: `${text}${change.reason === '' ? '' : `: ${change.reason}`}`,
    data: { ...contractData(change, document), ...more },
  });
  if (after === undefined) return [draft('contract.deleted', `${who} deleted the contract${of}`)];
  const was = before && seenOf(before.document, change, around, reading);
  const is = seenOf(after.document, change, around, reading);
  const moved = statusDraft(was, is, who, of);
  const drafts = moved === undefined ? [] : [draft(...moved)];
  if (was === undefined || moved !== undefined) return drafts;
  if (is.requestedTier !== undefined && is.requestedTier !== was.requestedTier) {
    const asked = `${who} asks for the tier ${is.requestedTier} for the contract${of}, which holds until then`;
    drafts.push(draft('contract.tier-requested', asked, { requestedTier: is.requestedTier }));
  }
  if (is.tier !== was.tier) {
    const moves = `${who} moved the contract${of} (before: ${was.tier ?? 'none'})`;
    drafts.push(draft('contract.tier-changed', moves, { tierBefore: was.tier }));
  } else if (was.requestedTier !== undefined && is.requestedTier === undefined) {
    const refused = `${who} refused the tier ${was.requestedTier} for the contract${of}, which holds`;
    drafts.push(draft('contract.tier-rejected', refused, { requestedTier: was.requestedTier }));
  }
  if (is.approvals > was.approvals && (is.status === 'pending' || is.requestedTier !== undefined)) {
    drafts.push(draft('contract.seconded', `${who} approved the contract${of}; it waits for another approver`));
  }
  return drafts;
}

function seenOf(document: unknown, key: ResourceKey, around: Surroundings, reading: ContractReading): Seen {
  const { api } = partiesOf(key, document);
  return {
    status: reading.statusOf(document, api && around.document(api)),
    tier: textAt(document, 'spec.tier'),
    requestedTier: textAt(document, 'spec.record.change.tier'),
    approvals:
      lengthAt(document, 'spec.record.requested.approvals') + lengthAt(document, 'spec.record.change.approvals'),
  };
}

function lengthAt(document: unknown, path: string): number {
  const list = valueAt(document, path);
  return Array.isArray(list) ? list.length : 0;
}

function statusDraft(
  was: Seen | undefined,
  { status }: Seen,
  who: string,
  of: string,
): readonly [EventName, string] | undefined {
  if (was?.status === status) return undefined;
  switch (status) {
    case 'pending':
      return ['contract.requested', `${who} asks for a contract${of}`];
    case 'approved':
      return was?.status === 'revoked'
        ? ['contract.restored', `${who} restored the contract${of}`]
        : was === undefined
          ? ['contract.approved', `The contract${of} that ${who} made is approved`]
          : ['contract.approved', `${who} approved the contract${of}`];
    case 'rejected':
      return ['contract.rejected', `${who} rejected the contract${of}`];
    case 'revoked':
      return ['contract.revoked', `${who} revoked the contract${of}`];
    default:
      return undefined;
  }
}
