import { create } from '@bufbuild/protobuf';
import {
  DescribeRequestSchema,
  DescribeResponseSchema,
  ListApplicationsRequestSchema,
  ListApplicationsResponseSchema,
  ListContractsRequestSchema,
  ListContractsResponseSchema,
  SearchRequestSchema,
  SearchResponseSchema,
} from '../../../gen/ostiary/v1/catalog_pb.js';
import type { Caller } from '../../access/caller.ts';
import type { Clock } from '../../clock.ts';
import { Code, RpcError } from '../../grpc/rpc.ts';
import type { Method } from '../../grpc/rpc.ts';
import { keyText } from '../../registry/conflict.ts';
import type { Registry } from '../../registry/registry.ts';
import type { ControlAccess } from '../access.ts';
import type { CurrentIndex } from '../current-index.ts';
import { keyNamed } from '../editing.ts';
import { guardedUnary } from '../guarded.ts';
import { Rights } from '../rights.ts';
import { describeApi } from './describe.ts';
import { entryMessage } from './entry.ts';
import { applicationEntries, applicationsOf, byKey, contractEntries, contractsOf, namespacesFor } from './mine.ts';
import type { Reading } from './mine.ts';
import { searchCatalog } from './search.ts';
import { Specifications } from './specifications.ts';

export interface CatalogPorts {
  readonly registry: Pick<Registry, 'resources'>;
  readonly index: Pick<CurrentIndex, 'current'>;
  readonly access: ControlAccess;
  readonly clock: Pick<Clock, 'now'>;
}

const MOST = 100;
const USUAL_HITS = 25;
const USUAL = 50;
const LONGEST_QUERY = 1000;
const MOST_CHOSEN = 100;

/** The methods of CatalogService. */
export function catalogMethods(ports: CatalogPorts): readonly Method[] {
  const { access, clock, registry } = ports;
  const specifications = new Specifications(registry);
  const unary = guardedUnary('ostiary.v1.CatalogService', access);
  const readingFor = async (caller: Caller): Promise<Reading> => {
    const { index } = await ports.index.current();
    return { registry, index, rights: new Rights(caller, index), nowMs: clock.now() };
  };
  return [
    unary('Search', SearchRequestSchema, SearchResponseSchema, async (request, caller) => {
      const { lifecycles, query, tags, teams } = request;
      if (query.length > LONGEST_QUERY) throw invalid(`query: expected at most ${LONGEST_QUERY} characters`);
      for (const [field, list] of Object.entries({ lifecycles, tags, teams })) {
        if (list.length > MOST_CHOSEN) throw invalid(`${field}: expected at most ${MOST_CHOSEN}`);
      }
      const { from, most } = pageOf(request, USUAL_HITS);
      const state = await ports.index.current();
      const unread = query.trim() === '' ? 0 : await specifications.upTo(state);
      const rights = new Rights(caller, state.index);
      const asked = { query, teams, lifecycles, tags };
      const found = searchCatalog(state.index, asked, { from, most }, rights, specifications.words);
      const documents = await byKey(
        registry,
        found.hits.map(({ entry }) => keyText(entry)),
      );
      const apis = found.hits.flatMap(({ entry, team, isFoundInSpecification }) => {
        const resource = documents.get(keyText(entry));
        if (resource === undefined) return [];
        return [{ ...entryMessage(entry, resource.document, team), foundInSpecification: isFoundInSpecification }];
      });
      return create(SearchResponseSchema, {
        apis,
        ...nextOf(from, most, found.total),
        teams: [...found.teams],
        lifecycles: [...found.lifecycles],
        tags: [...found.tags],
        unreadSpecifications: unread,
        revision: BigInt(state.revision),
      });
    }),
    unary('Describe', DescribeRequestSchema, DescribeResponseSchema, async (request, caller) => {
      const key = keyNamed('Api', request);
      const { revision } = await ports.index.current();
      const api = await describeApi(key, await readingFor(caller));
      return create(DescribeResponseSchema, { api, revision: BigInt(revision) });
    }),
    unary(
      'ListApplications',
      ListApplicationsRequestSchema,
      ListApplicationsResponseSchema,
      async (request, caller) => {
        const reading = await readingFor(caller);
        const { from, most } = pageOf(request, USUAL);
        const all = applicationsOf(reading, request);
        const applications = await applicationEntries(all.slice(from, from + most), reading);
        const namespaces = namespacesFor(reading);
        return create(ListApplicationsResponseSchema, { applications, namespaces, ...nextOf(from, most, all.length) });
      },
    ),
    unary('ListContracts', ListContractsRequestSchema, ListContractsResponseSchema, async (request, caller) => {
      const reading = await readingFor(caller);
      const { from, most } = pageOf(request, USUAL);
      const all = contractsOf(reading, request);
      const contracts = await contractEntries(all.slice(from, from + most), reading);
      return create(ListContractsResponseSchema, { contracts, ...nextOf(from, most, all.length) });
    }),
  ];
}

interface Page {
  readonly from: number;
  readonly most: number;
}

/** @throws RpcError */
function pageOf({ pageSize, pageToken }: { pageSize: number; pageToken: string }, usual: number): Page {
  if (pageSize > MOST) throw invalid(`page_size: expected at most ${MOST}`);
  if (!/^\d{0,9}$/.test(pageToken)) throw invalid('page_token is none that a response had');
  return { from: Number(pageToken), most: pageSize === 0 ? usual : pageSize };
}

function nextOf(from: number, most: number, total: number): { nextPageToken: string; total: number } {
  return { nextPageToken: from + most < total ? String(from + most) : '', total };
}

function invalid(message: string): RpcError {
  return new RpcError(Code.invalidArgument, message);
}
