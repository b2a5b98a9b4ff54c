import { create } from '@bufbuild/protobuf';
import { ListRequestsResponseSchema } from '../../gen/ostiary/v1/authoring_pb.js';
import type { ListRequestsRequest, ListRequestsResponse } from '../../gen/ostiary/v1/authoring_pb.js';
import { keyText } from '../registry/conflict.ts';
import type { Resource } from '../registry/log.ts';
import type { Registry } from '../registry/registry.ts';
import { partyOf } from './belonging.ts';
import { textAt } from './catalog/entry.ts';
import { isSamePerson } from './contract-approvers.ts';
import { contractMessage } from './contract-messages.ts';
import { recordOf } from './contract-record.ts';
import { tierNamed } from './contract-states.ts';
import { FIELDS, keyFrom, valueAt } from './facts.ts';
import { afterOf, tokenOf } from './listing.ts';
import { compareKeys } from './resource-index.ts';
import type { Entry, ResourceIndex } from './resource-index.ts';
import type { Rights } from './rights.ts';

const PAGE = 50;
const LARGEST_PAGE = 100;
const MOST_OTHERS = 10;
const WAITS = (FIELDS['Contract'] ?? []).indexOf('waits');

/** What waits for a decision of the caller's, with what helps to decide. @throws RpcError where the token is none */
export async function waitingRequests(
  request: ListRequestsRequest,
  index: ResourceIndex,
  rights: Rights,
  { registry, nowMs }: { readonly registry: Pick<Registry, 'resources'>; readonly nowMs: number },
): Promise<ListRequestsResponse> {
  const after = afterOf(request.pageToken);
  const waiting = index.ofKind('Contract').filter((entry) => isAsked(entry, request) && isForCaller(entry, rights));
  const rest = after === undefined ? waiting : waiting.filter((entry) => compareKeys(entry, after) > 0);
  const page = rest.slice(0, Math.min(LARGEST_PAGE, request.pageSize || PAGE));
  const around = page.map((entry) => {
    const [client = '', api = ''] = [partyOf(entry.facts, 'ClientApplication'), partyOf(entry.facts, 'Api')];
    const others = [...index.referring(client)].filter(
      (other) => other.kind === 'Contract' && other !== entry && rights.sees(other),
    );
    return { entry, client, api, count: others.length, others: others.toSorted(compareKeys).slice(0, MOST_OTHERS) };
  });
  const texts = new Set(
    around.flatMap(({ entry, client, api, others }) => [
      keyText(entry),
      client,
      api,
      ...others.flatMap((other) => [keyText(other), partyOf(other.facts, 'Api') ?? '']),
    ]),
  );
  texts.delete('');
  const found = new Map((await registry.resources([...texts].map(keyFrom))).map((each) => [keyText(each), each]));
  const contractOf = (entry: Entry) => {
    const resource = found.get(keyText(entry));
    const api = found.get(partyOf(entry.facts, 'Api') ?? '')?.document;
    if (resource === undefined) return [];
    return [contractMessage(entry, resource.document, api, resource.revision, nowMs)];
  };
  const requests = around.flatMap(({ entry, client, api, count, others }) => {
    const [contract] = contractOf(entry);
    const resource = found.get(keyText(entry));
    if (contract === undefined || resource === undefined) return [];
    return {
      contract,
      apiDisplayName: textAt(found.get(api)?.document, 'metadata.displayName'),
      applicationDisplayName: textAt(found.get(client)?.document, 'metadata.displayName'),
      applicant: rights.objectOf(entry, entry.facts).applicant ?? '',
      others: others.flatMap(contractOf),
      otherContracts: count,
      needsAnother: needsAnother(resource, found.get(api), rights),
    };
  });
  return create(ListRequestsResponseSchema, {
    requests,
    total: waiting.length,
    nextPageToken: rest.length > page.length ? tokenOf(page.at(-1)) : '',
  });
}

function isAsked({ namespace, facts }: Entry, request: ListRequestsRequest): boolean {
  if (facts.fields[WAITS] !== 'yes') return false;
  if (request.namespace !== '' && namespace !== request.namespace) return false;
  return request.api === '' || partyOf(facts, 'Api') === keyText({ kind: 'Api', namespace, name: request.api });
}

function isForCaller(entry: Entry, rights: Rights): boolean {
  return rights.may('approve', rights.objectOf(entry, entry.facts));
}

/** Whether the caller's approval would be refused: see `approvalsWith`. */
function needsAnother({ document }: Resource, api: Resource | undefined, { caller }: Rights): boolean {
  const { change, requested } = recordOf(document);
  const asked = change ?? requested;
  const tier = change?.tier ?? valueAt(document, ['spec', 'tier']);
  if (asked === undefined || typeof tier !== 'string') return false;
  if (tierNamed(api?.document, tier)?.approvers === undefined) return false;
  const self = { by: caller.name, ...(caller.person !== undefined && { person: caller.person }) };
  const involved = [asked, asked.tierBy, ...(asked.approvals ?? [])].filter((each) => each !== undefined);
  return involved.some((each) => isSamePerson(each, self));
}
