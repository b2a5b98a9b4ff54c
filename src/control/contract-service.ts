import { create } from '@bufbuild/protobuf';
import type { Duration, Timestamp } from '@bufbuild/protobuf/wkt';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import {
  ApproveRequestSchema,
  ApproveResponseSchema,
  ChangeTierRequestSchema,
  ChangeTierResponseSchema,
  GetContractRequestSchema,
  GetContractResponseSchema,
  RejectRequestSchema,
  RejectResponseSchema,
  RequestRequestSchema,
  RequestResponseSchema,
  RestoreRequestSchema,
  RestoreResponseSchema,
  RevokeRequestSchema,
  RevokeResponseSchema,
  SetExpiryRequestSchema,
  SetExpiryResponseSchema,
  WithdrawRequestSchema,
  WithdrawResponseSchema,
} from '../../gen/ostiary/v1/contracts_pb.js';
import type { Caller } from '../access/caller.ts';
import type { Clock } from '../clock.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Method } from '../grpc/rpc.ts';
import { keyText } from '../registry/conflict.ts';
import type { Resource, ResourceKey } from '../registry/log.ts';
import type { Receipts } from '../registry/receipt.ts';
import type { ControlAccess } from './access.ts';
import { approved, endingAt, movedTo, rejected, restored, revoked, withdrawn } from './contract-life.ts';
import type { FoundContract } from './contract-life.ts';
import { contractMessage } from './contract-messages.ts';
import { deedOf } from './contract-record.ts';
import type { Deed } from './contract-record.ts';
import { requestContract } from './contract-request.ts';
import type { RequestingPorts } from './contract-request.ts';
import { editOne, keyNamed, keyReferred, resourceSeen } from './editing.ts';
import type { Edited, Json } from './editing.ts';
import { valueAt } from './facts.ts';
import { guardedUnary } from './guarded.ts';
import { faultMessages } from './resource-messages.ts';
import { authorOf, receiptOf, waitMsOf } from './write-options.ts';

export interface ContractServicePorts extends RequestingPorts {
  readonly access: ControlAccess;
  readonly receipts: Receipts;
  readonly clock: Pick<Clock, 'now'>;
}

interface MoveRequest {
  readonly namespace: string;
  readonly name: string;
  readonly reason: string;
  readonly wait?: Duration | undefined;
  readonly expectedRevision?: bigint | undefined;
  readonly dryRun: boolean;
}

/** @returns the contract as it becomes; undefined: it is gone */
type Move<Request> = (found: FoundContract, deed: Deed, request: Request) => Json | undefined;

/** The methods of ContractService. */
export function contractMethods(ports: ContractServicePorts): readonly Method[] {
  const { clock, index } = ports;
  const unary = guardedUnary('ostiary.v1.ContractService', ports.access);
  const moves = <Request extends MoveRequest>(move: Move<Request>, ...verbs: Verbs) => {
    return (request: Request, caller: Caller) => moved(move, verbs, request, caller, ports);
  };
  const approve = moves<MoveRequest & { readonly expires?: Timestamp | undefined }>(
    (found, deed, { expires }) => approved(found, deed, msOf(expires)),
    'approve',
  );
  const reject = moves(rejected, 'approve');
  const revoke = moves(revoked, 'approve');
  const restore = moves(restored, 'approve');
  const withdraw = moves(withdrawn, 'request', 'approve');
  const changeTier = moves<MoveRequest & { readonly tier: string; readonly acceptTerms: string }>(
    (found, deed, { tier, acceptTerms }) => movedTo(tier, acceptTerms, found, deed),
    'request',
    'approve',
  );
  const setExpiry = moves<MoveRequest & { readonly expires?: Timestamp | undefined }>(
    (found, deed, { expires }) => endingAt(msOf(expires), found, deed),
    'approve',
  );
  return [
    unary('Request', RequestRequestSchema, RequestResponseSchema, async (request, caller) => {
      const author = authorOf(caller, request.reason);
      const waitMs = waitMsOf(request.wait);
      const { dryRun } = request;
      const asked = { ...request, expiresAtMs: msOf(request.expires) };
      const deed = deedOf(caller, request.reason, clock.now());
      const { key, edited } = await requestContract(asked, deed, { author, by: caller, dryRun }, ports);
      return create(RequestResponseSchema, await answerOf(key, edited, { dryRun, waitMs }, ports));
    }),
    unary('Approve', ApproveRequestSchema, ApproveResponseSchema, async (request, caller) =>
      create(ApproveResponseSchema, await approve(request, caller)),
    ),
    unary('Reject', RejectRequestSchema, RejectResponseSchema, async (request, caller) =>
      create(RejectResponseSchema, await reject(request, caller)),
    ),
    unary('Revoke', RevokeRequestSchema, RevokeResponseSchema, async (request, caller) =>
      create(RevokeResponseSchema, await revoke(request, caller)),
    ),
    unary('Restore', RestoreRequestSchema, RestoreResponseSchema, async (request, caller) =>
      create(RestoreResponseSchema, await restore(request, caller)),
    ),
    unary('ChangeTier', ChangeTierRequestSchema, ChangeTierResponseSchema, async (request, caller) => {
      if (request.tier === '') throw new RpcError(Code.invalidArgument, 'tier is missing: the one that is asked for');
      return create(ChangeTierResponseSchema, await changeTier(request, caller));
    }),
    unary('Withdraw', WithdrawRequestSchema, WithdrawResponseSchema, async (request, caller) =>
      create(WithdrawResponseSchema, await withdraw(request, caller)),
    ),
    unary('SetExpiry', SetExpiryRequestSchema, SetExpiryResponseSchema, async (request, caller) =>
      create(SetExpiryResponseSchema, await setExpiry(request, caller)),
    ),
    unary('GetContract', GetContractRequestSchema, GetContractResponseSchema, async (request, caller) => {
      const key = keyNamed('Contract', request);
      const { revision } = await index.current();
      const contract = await resourceSeen(ports, key, caller, []);
      const api = await apiOf(key, contract.document, ports);
      const message = contractMessage(key, contract.document, api?.document, contract.revision, clock.now());
      return create(GetContractResponseSchema, { contract: message, revision: BigInt(revision) });
    }),
  ];
}

/** The caller needs the right to one of these. */
type Verbs = readonly ('approve' | 'request')[];

async function moved<Request extends MoveRequest>(
  move: Move<Request>,
  verbs: Verbs,
  request: Request,
  caller: Caller,
  ports: ContractServicePorts,
) {
  const key = keyNamed('Contract', request);
  const { dryRun } = request;
  const author = authorOf(caller, request.reason);
  const waitMs = waitMsOf(request.wait);
  const expectedRevision = request.expectedRevision === undefined ? undefined : Number(request.expectedRevision);
  const edited = await editOne(
    ports,
    key,
    { author, by: caller, verbs, dryRun, expectedRevision },
    async (contract) => {
      const api = await apiOf(key, contract.document, ports);
      const deed = deedOf(caller, request.reason, ports.clock.now());
      const document = move({ contract, api }, deed, request);
      return { document, ...(api !== undefined && { upon: [{ key: api, revision: api.revision }] }) };
    },
  );
  return answerOf(key, edited, { dryRun, waitMs }, ports);
}

/** @throws RpcError where it is no moment that a document can name */
function msOf(moment: Timestamp | undefined): number | undefined {
  if (moment === undefined) return undefined;
  const ms = timestampMs(moment);
  const year = new Date(ms).getUTCFullYear();
  if (year >= 1970 && year <= 9999) return ms;
  throw new RpcError(Code.invalidArgument, 'expires is a moment before the year 10000');
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
  const api = document === undefined ? undefined : await apiOf(key, document, ports);
  return {
    ...(document !== undefined && {
      contract: contractMessage(key, document, api?.document, revision, ports.clock.now()),
    }),
    revision: BigInt(logRevision),
    warnings: faultMessages(warnings, [keyText(key)]),
    ...(!dryRun && (await receiptOf(ports.receipts, logRevision, waitMs))),
  };
}
