import type { ListChangesRequestJson, ListChangesResponseJson } from '../../../../gen/ostiary/v1/audit_pb.js';
import type { QueryRequestJson, QueryResponseJson } from '../../../../gen/ostiary/v1/analytics_pb.js';
import type {
  GetSchemaRequestJson,
  GetSchemaResponseJson,
  ListKindsRequestJson,
  ListKindsResponseJson,
  ListOwnApisRequestJson,
  ListOwnApisResponseJson,
  ListRequestsRequestJson,
  ListRequestsResponseJson,
} from '../../../../gen/ostiary/v1/authoring_pb.js';
import type {
  ApproveRequestJson,
  ApproveResponseJson,
  ChangeTierRequestJson,
  ChangeTierResponseJson,
  RejectRequestJson,
  RejectResponseJson,
  RestoreRequestJson,
  RestoreResponseJson,
  RevokeRequestJson,
  RevokeResponseJson,
  SetExpiryRequestJson,
  SetExpiryResponseJson,
} from '../../../../gen/ostiary/v1/contracts_pb.js';
import type { GetReceiptRequestJson, GetReceiptResponseJson } from '../../../../gen/ostiary/v1/sidecars_pb.js';
import { method } from '../../api/call.ts';

export const listOwnApis = method<ListOwnApisRequestJson, ListOwnApisResponseJson>('AuthoringService/ListOwnApis');
export const listRequests = method<ListRequestsRequestJson, ListRequestsResponseJson>('AuthoringService/ListRequests');
export const listKinds = method<ListKindsRequestJson, ListKindsResponseJson>('AuthoringService/ListKinds');
export const getSchema = method<GetSchemaRequestJson, GetSchemaResponseJson>('AuthoringService/GetSchema');
export const queryRequests = method<QueryRequestJson, QueryResponseJson>('AnalyticsService/Query');
export const listChanges = method<ListChangesRequestJson, ListChangesResponseJson>('AuditService/ListChanges');
export const getReceipt = method<GetReceiptRequestJson, GetReceiptResponseJson>('SidecarService/GetReceipt');
export const approve = method<ApproveRequestJson, ApproveResponseJson>('ContractService/Approve');
export const reject = method<RejectRequestJson, RejectResponseJson>('ContractService/Reject');
export const revoke = method<RevokeRequestJson, RevokeResponseJson>('ContractService/Revoke');
export const restore = method<RestoreRequestJson, RestoreResponseJson>('ContractService/Restore');
export const changeTier = method<ChangeTierRequestJson, ChangeTierResponseJson>('ContractService/ChangeTier');
export const setExpiry = method<SetExpiryRequestJson, SetExpiryResponseJson>('ContractService/SetExpiry');

/** What the answers of this view change with. */
export const OF_OWN = { follows: ['Api', 'Contract', 'Team'] } as const;
