import { create } from '@bufbuild/protobuf';
import type { Duration } from '@bufbuild/protobuf/wkt';
import {
  ApproveRequestSchema,
  ApproveResponseSchema,
  ChangeTierRequestSchema,
  ChangeTierResponseSchema,
  RejectRequestSchema,
  RejectResponseSchema,
  RequestRequestSchema,
  RequestResponseSchema,
  RestoreRequestSchema,
  RestoreResponseSchema,
  RevokeRequestSchema,
  RevokeResponseSchema,
} from '../../gen/ostiary/v1/contracts_pb.js';
import type { Caller } from '../access/caller.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Method } from '../grpc/rpc.ts';
import { keyText } from '../registry/conflict.ts';
import type { Resource, ResourceKey } from '../registry/log.ts';
import type { Receipts } from '../registry/receipt.ts';
import type { ControlAccess } from './access.ts';
import { contractMessage } from './contract-messages.ts';
import { requestContract } from './contract-request.ts';
import type { RequestingPorts } from './contract-request.ts';
import { refusalOf, statusAfter, statusOf, tiersOf } from './contract-states.ts';
import type { ContractAction } from './contract-states.ts';
import { refuseNewContract } from './contract-terms.ts';
import { editOne, keyNamed, keyReferred } from './editing.ts';
import type { Edited, Json } from './editing.ts';
import { valueAt } from './facts.ts';
import { guardedUnary } from './guarded.ts';
import { faultMessages } from './resource-messages.ts';
import { authorOf, receiptOf, waitMsOf } from './write-options.ts';

export interface ContractServicePorts extends RequestingPorts {
  readonly access: ControlAccess;
  readonly receipts: Receipts;
}

interface MoveRequest {
  readonly namespace: string;
  readonly name: string;
  readonly reason: string;
  readonly wait?: Duration | undefined;
  readonly expectedRevision?: bigint | undefined;
  readonly dryRun: boolean;
  readonly tier?: string;
}

/** The methods of ContractService. */
export function contractMethods(ports: ContractServicePorts): readonly Method[] {
  const unary = guardedUnary('ostiary.v1.ContractService', ports.access);
  const move =
    (action: ContractAction) =>
    async (request: MoveRequest, caller: Caller): Promise<Answer> =>
      moved(action, request, caller, ports);
  const [approve, reject, revoke, restore, changeTier] = (
    ['approve', 'reject', 'revoke', 'restore', 'changeTier'] as const
  ).map(move) as [Move, Move, Move, Move, Move];
  return [
    unary('Request', 'write', RequestRequestSchema, RequestResponseSchema, async (request, caller) => {
      const waitMs = waitMsOf(request.wait);
      const { key, edited } = await requestContract(request, caller, ports);
      return create(RequestResponseSchema, await answerOf(key, edited, { ...request, waitMs }, ports));
    }),
    unary('Approve', 'write', ApproveRequestSchema, ApproveResponseSchema, async (request, caller) =>
      create(ApproveResponseSchema, await approve(request, caller)),
    ),
    unary('Reject', 'write', RejectRequestSchema, RejectResponseSchema, async (request, caller) =>
      create(RejectResponseSchema, await reject(request, caller)),
    ),
    unary('Revoke', 'write', RevokeRequestSchema, RevokeResponseSchema, async (request, caller) =>
      create(RevokeResponseSchema, await revoke(request, caller)),
    ),
    unary('Restore', 'write', RestoreRequestSchema, RestoreResponseSchema, async (request, caller) =>
      create(RestoreResponseSchema, await restore(request, caller)),
    ),
    unary('ChangeTier', 'write', ChangeTierRequestSchema, ChangeTierResponseSchema, async (request, caller) =>
      create(ChangeTierResponseSchema, await changeTier(request, caller)),
    ),
  ];
}

type Move = (request: MoveRequest, caller: Caller) => Promise<Answer>;
type Answer = Awaited<ReturnType<typeof answerOf>>;

async function moved(
  action: ContractAction,
  request: MoveRequest,
  caller: Caller,
  ports: ContractServicePorts,
): Promise<Answer> {
  const key = keyNamed('Contract', request);
  const { tier, dryRun } = request;
  if (tier === '') throw new RpcError(Code.invalidArgument, 'tier is missing: the one that the contract moves to');
  const author = authorOf(caller, request.reason);
  const waitMs = waitMsOf(request.wait);
  const expectedRevision = request.expectedRevision === undefined ? undefined : Number(request.expectedRevision);
  // Moving to another tier is up to whoever decides.
  const verbs = ['approve'] as const;
  const edited = await editOne(ports, key, { author, by: caller, verbs, dryRun, expectedRevision }, async (before) => {
    return after(action, before, tier, await apiOf(key, before.document, ports));
  });
  return answerOf(key, edited, { dryRun, waitMs }, ports);
}

/** The contract as it is after an action. @throws RpcError where the action is not for its state */
function after(
  action: ContractAction,
  { document, ...key }: Resource,
  tier: string | undefined,
  api: Resource | undefined,
): Json {
  const status = statusOf(document, api?.document);
  const refusal = refusalOf(action, status);
  if (refusal !== undefined) throw new RpcError(Code.failedPrecondition, `${keyText(key)} ${refusal}`);
  const contract = document as Json;
  const spec = contract['spec'] as Json;
  const named = tier ?? (typeof spec['tier'] === 'string' ? spec['tier'] : undefined);
  const isSameTier = action === 'changeTier' && named === spec['tier'];
  if (api !== undefined && (action === 'approve' || (action === 'changeTier' && !isSameTier))) {
    refuseNewContract(api, named);
  }
  const terms = tiersOf(api?.document).find(({ name }) => name === named);
  const isApproved = action === 'changeTier' && status === 'pending' && terms?.autoApprove === true;
  const next = isApproved ? 'approved' : statusAfter(action, status);
  return { ...contract, spec: { ...spec, ...(tier !== undefined && { tier }), status: next } };
}

/** The API of a contract; undefined where there is none: the checks of the write tell. */
async function apiOf(
  { namespace }: ResourceKey,
  contract: unknown,
  { registry }: Pick<ContractServicePorts, 'registry'>,
): Promise<Resource | undefined> {
  const reference = valueAt(contract, ['spec', 'api']);
  if (typeof reference !== 'string') return undefined;
  const [api] = await registry.resources([keyReferred('Api', namespace, reference, 'api')]);
  return api;
}

async function answerOf(
  key: ResourceKey,
  { document, revision, logRevision, warnings }: Edited,
  { dryRun, waitMs }: { readonly dryRun: boolean; readonly waitMs: number | undefined },
  ports: ContractServicePorts,
) {
  const api = await apiOf(key, document, ports);
  return {
    contract: contractMessage(key, document, api?.document, revision),
    revision: BigInt(logRevision),
    warnings: faultMessages(warnings, [keyText(key)]),
    ...(!dryRun && (await receiptOf(ports.receipts, logRevision, waitMs))),
  };
}
