import type {
  DescribeRequestJson,
  DescribeResponseJson,
  ListApplicationsRequestJson,
  ListApplicationsResponseJson,
  ListContractsRequestJson,
  ListContractsResponseJson,
  SearchRequestJson,
  SearchResponseJson,
} from '../../../gen/ostiary/v1/catalog_pb.js';
import type {
  ChangeTierRequestJson,
  ChangeTierResponseJson,
  RequestRequestJson,
  RequestResponseJson,
  WithdrawRequestJson,
  WithdrawResponseJson,
} from '../../../gen/ostiary/v1/contracts_pb.js';
import type {
  CreateApplicationRequestJson,
  CreateApplicationResponseJson,
  EndSecretRequestJson,
  EndSecretResponseJson,
  KillSecretsRequestJson,
  KillSecretsResponseJson,
  RotateSecretRequestJson,
  RotateSecretResponseJson,
} from '../../../gen/ostiary/v1/credentials_pb.js';
import type { ListSamplesRequestJson, ListSamplesResponseJson } from '../../../gen/ostiary/v1/analytics_pb.js';
import type { GetUsageRequestJson, GetUsageResponseJson } from '../../../gen/ostiary/v1/usage_pb.js';
import { method } from './call.ts';

// What those who use APIs ask.
export const searchCatalog = method<SearchRequestJson, SearchResponseJson>('CatalogService/Search');
export const describeApi = method<DescribeRequestJson, DescribeResponseJson>('CatalogService/Describe');
export const listApplications = method<ListApplicationsRequestJson, ListApplicationsResponseJson>(
  'CatalogService/ListApplications',
);
export const listContracts = method<ListContractsRequestJson, ListContractsResponseJson>(
  'CatalogService/ListContracts',
);
export const getUsage = method<GetUsageRequestJson, GetUsageResponseJson>('UsageService/GetUsage');
export const requestContract = method<RequestRequestJson, RequestResponseJson>('ContractService/Request');
export const changeTier = method<ChangeTierRequestJson, ChangeTierResponseJson>('ContractService/ChangeTier');
export const withdrawContract = method<WithdrawRequestJson, WithdrawResponseJson>('ContractService/Withdraw');
export const createApplication = method<CreateApplicationRequestJson, CreateApplicationResponseJson>(
  'CredentialService/CreateApplication',
);
export const rotateSecret = method<RotateSecretRequestJson, RotateSecretResponseJson>('CredentialService/RotateSecret');
export const endSecret = method<EndSecretRequestJson, EndSecretResponseJson>('CredentialService/EndSecret');
export const killSecrets = method<KillSecretsRequestJson, KillSecretsResponseJson>('CredentialService/KillSecrets');
export const listSamples = method<ListSamplesRequestJson, ListSamplesResponseJson>('AnalyticsService/ListSamples');
