import type { WhoAmIRequestJson, WhoAmIResponseJson } from '../../../gen/ostiary/v1/people_pb.js';
import type {
  ApplyRequestJson,
  ApplyResponseJson,
  DeleteRequestJson,
  DeleteResponseJson,
  DiffRequestJson,
  DiffResponseJson,
  GetRequestJson,
  GetResponseJson,
  ListRequestJson,
  ListResponseJson,
  WatchRequestJson,
  WatchResponseJson,
} from '../../../gen/ostiary/v1/resources_pb.js';
import { method } from './call.ts';

// Of every view. A view that alone needs a method has it in a file of its own.
export const whoAmI = method<WhoAmIRequestJson, WhoAmIResponseJson>('PeopleService/WhoAmI');
export const listResources = method<ListRequestJson, ListResponseJson>('ResourceService/List');
export const getResource = method<GetRequestJson, GetResponseJson>('ResourceService/Get');
export const applyResources = method<ApplyRequestJson, ApplyResponseJson>('ResourceService/Apply');
export const diffResources = method<DiffRequestJson, DiffResponseJson>('ResourceService/Diff');
export const deleteResources = method<DeleteRequestJson, DeleteResponseJson>('ResourceService/Delete');
export const watchResources = method<WatchRequestJson, WatchResponseJson>('ResourceService/Watch');
