import type {
  GetHeadRequestJson,
  GetHeadResponseJson,
  ListEntriesRequestJson,
  ListEntriesResponseJson,
  VerifyRequestJson,
  VerifyResponseJson,
} from '../../../../gen/ostiary/v1/audit_pb.js';
import type {
  AskSidecarRequestJson,
  AskSidecarResponseJson,
  CreateSidecarTokenRequestJson,
  CreateSidecarTokenResponseJson,
  ForgetSidecarRequestJson,
  ForgetSidecarResponseJson,
  ListSidecarsRequestJson,
  ListSidecarsResponseJson,
} from '../../../../gen/ostiary/v1/sidecars_pb.js';
import { method } from '../../api/call.ts';

export const listSidecars = method<ListSidecarsRequestJson, ListSidecarsResponseJson>('SidecarService/ListSidecars');
export const forgetSidecar = method<ForgetSidecarRequestJson, ForgetSidecarResponseJson>(
  'SidecarService/ForgetSidecar',
);
export const askSidecar = method<AskSidecarRequestJson, AskSidecarResponseJson>('SidecarService/AskSidecar');
export const createSidecarToken = method<CreateSidecarTokenRequestJson, CreateSidecarTokenResponseJson>(
  'SidecarService/CreateSidecarToken',
);
export const listEntries = method<ListEntriesRequestJson, ListEntriesResponseJson>('AuditService/ListEntries');
export const verify = method<VerifyRequestJson, VerifyResponseJson>('AuditService/Verify');
export const getHead = method<GetHeadRequestJson, GetHeadResponseJson>('AuditService/GetHead');
