import type { RequestRequest } from '../../gen/ostiary/v1/contracts_pb.js';
import type { Caller } from '../access/caller.ts';
import { API_VERSION } from '../document/schema.ts';
import { PLATFORM_NAMESPACE, resolveClient } from '../document/names.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import { keyText } from '../registry/conflict.ts';
import type { Resource, ResourceKey } from '../registry/log.ts';
import { decidedByTier, requestOf } from './contract-record.ts';
import type { ContractRecord, Deed } from './contract-record.ts';
import { remedyOf, stateOf, tierNamed, tiersOf, wordsOf } from './contract-states.ts';
import { lifecycleOf, refuseNewContract, refuseUnaccepted } from './contract-terms.ts';
import { editOne, keyNamed, keyReferred, writeOne } from './editing.ts';
import type { Edited, EditingPorts, EditRequest, Json } from './editing.ts';
import type { PlacedFault } from './naming.ts';
import type { ResourceIndex } from './resource-index.ts';
import { Rights } from './rights.ts';
import { Outdated } from './seen.ts';

export type RequestingPorts = EditingPorts;

export type AskedContract = Pick<
  RequestRequest,
  'namespace' | 'name' | 'clientApplication' | 'api' | 'tier' | 'acceptTerms'
> & {
  /** Milliseconds since the Unix epoch; undefined: it does not end. */
  readonly expiresAtMs: number | undefined;
};

/** Whom a request is about. */
export interface Parties {
  /** Of the contract, if it is new. */
  readonly key: ResourceKey;
  readonly client: ResourceKey;
  readonly api: ResourceKey;
}

const MOST_TRIES = 5;

/** @throws RpcError where a name can be none */
export function partiesOf(asked: Pick<RequestRequest, 'namespace' | 'name' | 'clientApplication' | 'api'>): Parties {
  const { namespace, reference } = placeOf(asked);
  const api = keyReferred('Api', namespace, reference, 'api');
  const client = keyReferred(
    'ClientApplication',
    namespace,
    asked.clientApplication,
    'client_application',
    resolveClient,
  );
  const name = asked.name === '' ? nameOf(client, api, namespace) : asked.name;
  return { key: keyNamed('Contract', { namespace, name }), client, api };
}

/** A contract lies in the namespace of its API. */
function placeOf({ namespace, api }: Pick<RequestRequest, 'namespace' | 'api'>) {
  const slash = api.indexOf('/');
  if (slash < 0 || (namespace !== '' && namespace !== api.slice(0, slash))) return { namespace, reference: api };
  return { namespace: api.slice(0, slash), reference: api.slice(slash + 1) };
}

function nameOf(client: ResourceKey, api: ResourceKey, namespace: string): string {
  const isOther = namespace !== PLATFORM_NAMESPACE && client.namespace !== api.namespace;
  return `${isOther ? `${client.namespace}-` : ''}${client.name}-${api.name}`;
}

/**
 * Asks for a contract: approved where its tier approves at once, else pending. One that was rejected is asked for again.
 * @throws RpcError
 */
export async function requestContract(
  asked: AskedContract,
  deed: Deed,
  { by, ...how }: RequestedBy,
  ports: RequestingPorts,
): Promise<{ readonly key: ResourceKey; readonly edited: Edited }> {
  const parties = partiesOf(asked);
  if (asked.expiresAtMs !== undefined && asked.expiresAtMs <= deed.atMs) {
    throw new RpcError(Code.invalidArgument, 'expires is over already');
  }
  for (let tries = 1; ; tries += 1) {
    try {
      const request = { ...how, by, verbs: ['request'], expectedRevision: undefined } as const;
      return await once(asked, parties, deed, request, ports);
    } catch (error) {
      if (!(error instanceof Outdated) || tries >= MOST_TRIES) throw error;
    }
  }
}

type RequestedBy = Pick<EditRequest, 'author' | 'dryRun'> & { readonly by: Caller };

async function once(
  asked: AskedContract,
  parties: Parties,
  deed: Deed,
  request: EditRequest & RequestedBy,
  ports: RequestingPorts,
) {
  const { api: apiKey } = parties;
  const { index } = await ports.index.current();
  const rights = new Rights(request.by, index);
  refuseApplicant(parties, rights, index);
  const wanted = index.get(keyText(apiKey));
  const isKnown = wanted !== undefined && rights.sees(wanted);
  const twin = await rejectedTwin(asked, parties, rights, index, ports);
  const [api] = isKnown ? await ports.registry.resources([apiKey]) : [];
  const key = twin ?? parties.key;
  // The checks of the write tell of an API that is not there.
  const warnings = api === undefined ? [] : termsFor(api, asked, key);
  const upon = api === undefined ? [] : [{ key: apiKey, revision: api.revision }];
  const document = documentOf(asked, key, api, deed);
  const edited =
    twin === undefined
      ? await writeOne(ports, document, { ...request, expectedRevision: 0 }, { upon })
      : await editOne(ports, twin, request, ({ document: before }) => {
          // Somebody may have approved it meanwhile.
          if (stateOf(before, api?.document) !== 'rejected') throw new Outdated(twin);
          return { document: { ...(before as Json), spec: document.spec }, upon };
        });
  return { key, edited: { ...edited, warnings: [...warnings, ...edited.warnings] } };
}

/**
 * Only for whoever may ask for contracts of the client application. What they may not know of is as if it were not there: the
 * checks of the write tell.
 * @throws RpcError
 */
function refuseApplicant({ key, client }: Parties, rights: Rights, index: ResourceIndex): void {
  const entry = index.get(keyText(client));
  if (entry === undefined || !rights.sees(entry)) return;
  const { team: applicant } = rights.objectOf(client, entry.facts);
  rights.require('request', { ...key, team: '', applicant }, `may not ask for a contract of ${keyText(client)}`);
}

function documentOf(asked: AskedContract, key: ResourceKey, api: Resource | undefined, deed: Deed) {
  const { clientApplication, tier, acceptTerms, expiresAtMs } = asked;
  const isAtOnce = tierNamed(api?.document, tier)?.autoApprove === true;
  const record: ContractRecord = {
    requested: requestOf(deed),
    ...(isAtOnce && { decided: decidedByTier('approved', deed) }),
  };
  return {
    apiVersion: API_VERSION,
    kind: 'Contract',
    metadata: {
      name: key.name,
      ...(asked.namespace === '' && placeOf(asked).namespace === '' ? {} : { namespace: key.namespace }),
    },
    spec: {
      clientApplication,
      api: placeOf(asked).reference,
      ...(tier !== '' && { tier }),
      status: isAtOnce ? 'approved' : 'pending',
      ...(expiresAtMs !== undefined && { expiresAt: new Date(expiresAtMs).toISOString() }),
      ...(acceptTerms !== '' && { acceptedTerms: acceptTerms }),
      record,
    },
  };
}

/**
 * A client application has one contract with an API.
 * @returns the one that it has, if that was rejected: it may be asked for again
 * @throws RpcError
 */
async function rejectedTwin(
  { name }: AskedContract,
  { key, client, api }: Parties,
  rights: Rights,
  index: ResourceIndex,
  { registry }: RequestingPorts,
): Promise<ResourceKey | undefined> {
  const both = index.referringToBoth(keyText(client), keyText(api));
  const same = [...both].filter(({ kind }) => kind === 'Contract');
  const twin = same[0] ?? index.get(keyText(key));
  if (twin === undefined) return undefined;
  if (!rights.sees(twin)) throw new RpcError(Code.alreadyExists, `${keyText(key)} can't be made: give it another name`);
  const [[contract], [found]] = await Promise.all([registry.resources([twin]), registry.resources([api])]);
  const state = stateOf(contract?.document, found?.document);
  const isBetween = same.length > 0;
  if (isBetween && state === 'rejected' && (name === '' || name === twin.name)) {
    return { kind: twin.kind, namespace: twin.namespace, name: twin.name };
  }
  const what = isBetween ? `is between ${client.name} and ${api.name} already` : 'has this name already';
  const remedy = isBetween ? remedyOf(state) : 'give the new one another name';
  throw new RpcError(Code.alreadyExists, `${keyText(twin)} ${what}, and is ${wordsOf(state)}: ${remedy}`);
}

/** What whoever asks should know. @throws RpcError where the API takes no new contracts, or not under these terms */
function termsFor(api: Resource, { tier, acceptTerms }: AskedContract, key: ResourceKey): readonly PlacedFault[] {
  refuseNewContract(api, tier === '' ? undefined : tier);
  refuseUnaccepted(api, acceptTerms);
  const warn = (field: string, message: string): PlacedFault => {
    return { file: keyText(key), line: 0, column: 0, field, message, severity: 'warning', place: 0 };
  };
  const warnings: PlacedFault[] = [];
  if (lifecycleOf(api.document) === 'deprecated') {
    warnings.push(warn('spec.api', `${keyText(api)} is deprecated: look for the one that takes its place`));
  }
  const tiers = tiersOf(api.document).filter(({ deprecated }) => !deprecated);
  if (tier === '' && tiers.length > 0) {
    const names = tiers.map(({ name }) => name).join(', ');
    warnings.push(warn('spec.tier', `the API has tiers, and this contract names none of them: ${names}`));
  }
  return warnings;
}
