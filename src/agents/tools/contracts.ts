import { toJson } from '@bufbuild/protobuf';
import { z } from 'zod';
import {
  CatalogService,
  ListApplicationsResponseSchema,
  ListContractsResponseSchema,
} from '../../../gen/ostiary/v1/catalog_pb.js';
import { ContractSchema, ContractService, ContractState } from '../../../gen/ostiary/v1/contracts_pb.js';
import { defineTool, told } from '../tool.ts';
import { apiInput, applicationInput, reasonInput, whole } from './names.ts';

const MOST = 100;

export const myApplications = defineTool({
  name: 'my_applications',
  title: 'My applications',
  description:
    'Lists the client applications that the user may ask for access with, and their client ids. Never secrets.',
  input: z.object({ search: z.string().max(200).optional().describe('Words of the name or the client id.') }),
  isReading: true,
  isDestructive: false,
  async run(invoke, { search = '' }) {
    const listed = await invoke(CatalogService.method.listApplications, { search, pageSize: MOST });
    const { applications = [] } = toJson(ListApplicationsResponseSchema, listed);
    return told(`${listed.total} applications.`, { total: listed.total, applications });
  },
});

export const myContracts = defineTool({
  name: 'my_contracts',
  title: 'My contracts',
  description:
    'Lists the contracts of the user’s applications with APIs: tier, state, end, and who has decided what and why.',
  input: z.object({
    application: applicationInput.optional(),
    api: apiInput.optional(),
    waiting: z.boolean().optional().describe('Those alone that wait for a decision.'),
    page_token: z.string().max(2000).optional().describe('next_page_token of the answer before.'),
  }),
  isReading: true,
  isDestructive: false,
  async run(invoke, { api = '', application = '', page_token: pageToken = '', waiting = false }) {
    const asked = { api: whole(api), application: whole(application), waiting, pageSize: MOST, pageToken };
    const listed = await invoke(CatalogService.method.listContracts, asked);
    const { contracts = [], nextPageToken } = toJson(ListContractsResponseSchema, listed);
    const more = nextPageToken && { next_page_token: nextPageToken };
    return told(`${listed.total} contracts.`, { total: listed.total, contracts, ...more });
  },
});

export const requestAccess = defineTool({
  name: 'request_access',
  title: 'Request access to an API',
  description:
    'Asks, for one of the user’s applications, for a contract with an API. Where the tier approves by itself it is in force at once; otherwise a person of the API’s team decides, and nothing that an agent can call approves it. Ask the user before accepting terms of use for them.',
  input: z.object({
    application: applicationInput,
    api: apiInput,
    tier: z.string().max(200).optional().describe('One of the API’s tiers. Absent: none.'),
    reason: reasonInput.describe('Why, in the user’s words: for the person who decides.'),
    accept_terms: z
      .string()
      .max(200)
      .optional()
      .describe('The version of the terms of use that the user has read and accepts; only where the API has some.'),
    dry_run: z.boolean().optional().describe('Checks everything and asks for nothing.'),
  }),
  isReading: false,
  isDestructive: false,
  async run(invoke, { accept_terms: acceptTerms = '', api, application, dry_run: dryRun = false, reason, tier = '' }) {
    const { contract } = await invoke(ContractService.method.request, {
      clientApplication: whole(application),
      api: whole(api),
      tier,
      reason,
      acceptTerms,
      dryRun,
    });
    if (contract === undefined) return told('Nothing was asked for.', {});
    const name = `${contract.namespace}/${contract.name}`;
    const state =
      contract.state === ContractState.APPROVED
        ? 'It is in force.'
        : 'It waits for a person of the API’s team; my_contracts tells what they decide.';
    const text = dryRun ? `The contract ${name} could be asked for.` : `The contract ${name} was asked for. ${state}`;
    return told(text, { contract: toJson(ContractSchema, contract) });
  },
});
