import { create } from '@bufbuild/protobuf';
import {
  ApplyRequestSchema,
  ApplyResponseSchema,
  DeleteRequestSchema,
  DeleteResponseSchema,
  DiffRequestSchema,
  DiffResponseSchema,
  DifferenceSchema,
  GetRequestSchema,
  GetResponseSchema,
  ListRequestSchema,
  ListResponseSchema,
} from '../../gen/ostiary/v1/resources_pb.js';
import type { ApplyRequest, DeleteRequest, ProposedDocument } from '../../gen/ostiary/v1/resources_pb.js';
import type { Caller } from '../access/caller.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Method } from '../grpc/rpc.ts';
import type { RegisteredKind } from '../policies/environment.ts';
import type { Receipts } from '../registry/receipt.ts';
import type { Registry } from '../registry/registry.ts';
import type { ControlAccess } from './access.ts';
import type { Changing, ChangeRequest, Plan, PlannedChange } from './changing.ts';
import type { CurrentIndex } from './current-index.ts';
import { resourceSeen } from './editing.ts';
import { guardedUnary } from './guarded.ts';
import { impactOf } from './impact.ts';
import type { CountedSidecar } from './impact.ts';
import {
  EFFECTS,
  faultMessages,
  keyFromMessage,
  keyMessage,
  resourceMessage,
  resultMessages,
  structOf,
} from './resource-messages.ts';
import { ownershipOf } from './ownership.ts';
import { notThere, Rights } from './rights.ts';
import { afterOf, listedOf, tokenOf } from './listing.ts';
import { selectFrom } from './selecting.ts';
import { sightOf, viewOf } from './views.ts';
import { watchMethod } from './watching.ts';
import { authorOf, receiptOf, waitMsOf } from './write-options.ts';

export interface ResourceServicePorts {
  readonly registry: Registry;
  readonly index: CurrentIndex;
  readonly changing: Changing;
  readonly access: ControlAccess;
  readonly receipts: Receipts;
  readonly policyKinds: ReadonlyMap<string, RegisteredKind>;
  /** All that receipts count; absent: nobody tells. */
  readonly countedSidecars?: () => Promise<readonly CountedSidecar[]>;
}

const SERVICE = 'ostiary.v1.ResourceService';
const PAGE = 100;
const LARGEST_PAGE = 1000;

/** The methods of ResourceService. */
export function resourceMethods(ports: ResourceServicePorts): readonly Method[] {
  const { registry, index, changing, access, receipts, policyKinds } = ports;
  const unary = guardedUnary(SERVICE, access);
  return [
    unary('Apply', ApplyRequestSchema, ApplyResponseSchema, async (request, caller) => {
      const asked = changeRequest(request, caller);
      const files = request.documents.map(({ file }) => file);
      const author = authorOf(caller, request.reason);
      const waitMs = waitMsOf(request.wait);
      if (request.dryRun) {
        const plan = await changing.plan(asked);
        return create(ApplyResponseSchema, { ...toldOf(plan, files), results: resultsOf(plan) });
      }
      const applied = await changing.apply(asked, author);
      const isWritten = applied.faults.length === 0;
      return create(ApplyResponseSchema, {
        ...toldOf(applied, files),
        results: isWritten ? resultMessages(applied, applied.revisions) : [],
        ...(isWritten && (await receiptOf(receipts, applied.revision, waitMs))),
      });
    }),
    unary('Diff', DiffRequestSchema, DiffResponseSchema, async (request, caller) => {
      const plan = await changing.plan(changeRequest({ ...request, reason: '-' }, caller));
      return create(DiffResponseSchema, {
        ...toldOf(
          plan,
          request.documents.map(({ file }) => file),
        ),
        differences: plan.changes.map(differenceOf),
        ...(await impactOfPlan(plan, caller, ports)),
      });
    }),
    unary('Get', GetRequestSchema, GetResponseSchema, async (request, caller) => {
      const key = keyFromMessage(request);
      const resource = await resourceSeen(ports, key, caller, []);
      const rights = new Rights(caller, (await index.current()).index);
      const view = viewOf(resource.document, sightOf(resource, rights), policyKinds);
      if (view === undefined) throw notThere(key);
      return create(GetResponseSchema, { resource: resourceMessage(resource, view) });
    }),
    unary('List', ListRequestSchema, ListResponseSchema, async (request, caller) => {
      const state = await index.current();
      const rights = new Rights(caller, state.index);
      const pageSize = Math.min(LARGEST_PAGE, request.pageSize === 0 ? PAGE : request.pageSize);
      const page = selectFrom(state.index, request, pageSize, afterOf(request.pageToken), rights);
      const listed = await listedOf(ports, page.entries, request, rights);
      const hasMore = page.hasMore || listed.entries.length < page.entries.length;
      return create(ListResponseSchema, {
        resources: listed.resources,
        nextPageToken: hasMore ? tokenOf(listed.entries.at(-1)) : '',
        total: page.total,
        revision: BigInt(state.revision),
      });
    }),
    unary('Delete', DeleteRequestSchema, DeleteResponseSchema, async (request, caller) => {
      const asked = deleteRequest(request, caller);
      const author = authorOf(caller, request.reason);
      const waitMs = waitMsOf(request.wait);
      const applied = request.dryRun ? undefined : await changing.apply(asked, author);
      const plan = applied ?? (await changing.plan(asked));
      const isFaulty = plan.faults.length > 0;
      return create(DeleteResponseSchema, {
        results: isFaulty ? [] : resultMessages(plan, applied?.revisions),
        faults: faultMessages(plan.faults, []),
        revision: BigInt(plan.revision),
        ...(request.dryRun && (await impactOfPlan(plan, caller, ports))),
        ...(!isFaulty && applied !== undefined && (await receiptOf(receipts, plan.revision, waitMs))),
      });
    }),
    watchMethod(SERVICE, { registry, access, index, policyKinds }),
  ];
}

/** Nothing while there are faults: nothing would be written. */
async function impactOfPlan(plan: Plan, caller: Caller, { countedSidecars, index }: ResourceServicePorts) {
  if (plan.faults.length > 0) return {};
  const state = await index.current();
  const sidecars = (await countedSidecars?.()) ?? [];
  return { impact: impactOf(plan.changes, state.index, new Rights(caller, state.index), sidecars) };
}

type Asked = Pick<ApplyRequest, 'documents' | 'set' | 'prune' | 'reason' | 'owner' | 'source' | 'takeOver'>;

function changeRequest(request: Asked, caller: Caller): ChangeRequest {
  const { documents, set, prune } = request;
  if (prune && set === '') {
    throw new RpcError(Code.invalidArgument, 'prune needs a set: it deletes what is of that set alone');
  }
  if (!/^[A-Za-z0-9._-]{0,253}$/.test(set)) {
    throw new RpcError(Code.invalidArgument, 'a set is named by letters, digits, ".", "_" and "-"');
  }
  if (documents.length === 0 && !prune) throw new RpcError(Code.invalidArgument, 'documents is empty');
  return { writes: documents.map(writeOf), deletions: [], set, prune, ...ownershipOf(request), by: caller };
}

function writeOf({ document, expectedRevision }: ProposedDocument) {
  return { document: document ?? {}, expectedRevision: numberOf(expectedRevision) };
}

function deleteRequest(request: DeleteRequest, caller: Caller): ChangeRequest {
  const { resources } = request;
  if (resources.length === 0) throw new RpcError(Code.invalidArgument, 'resources is empty');
  const deletions = resources.map(({ resource, expectedRevision }) => {
    return { key: keyFromMessage(resource), expectedRevision: numberOf(expectedRevision) };
  });
  return { writes: [], deletions, set: '', prune: false, ...ownershipOf(request), by: caller };
}

function numberOf(revision: bigint | undefined): number | undefined {
  return revision === undefined ? undefined : Number(revision);
}

function toldOf(plan: Plan, files: readonly string[]) {
  return {
    faults: faultMessages(plan.faults, files),
    warnings: faultMessages(plan.warnings, files),
    revision: BigInt(plan.revision),
  };
}

function resultsOf(plan: Plan) {
  return plan.faults.length === 0 ? resultMessages(plan) : [];
}

function differenceOf({ key, effect, before, document, place }: PlannedChange) {
  const [earlier, later] = [structOf(before?.document), structOf(document)];
  return create(DifferenceSchema, {
    resource: keyMessage(key),
    effect: EFFECTS[effect],
    ...(earlier !== undefined && { before: earlier }),
    ...(later !== undefined && { after: later }),
    ...(place !== undefined && { document: place }),
    owner: before?.owner ?? '',
    source: before?.source ?? '',
  });
}
