import { toJson } from '@bufbuild/protobuf';
import { z } from 'zod';
import { CatalogService, SearchResponseSchema } from '../../../gen/ostiary/v1/catalog_pb.js';
import { defineTool, told } from '../tool.ts';

const MOST = 25;

export const findApi = defineTool({
  name: 'find_api',
  title: 'Find an API',
  description:
    'Searches the catalog of APIs that the user may see, by words of names, descriptions, paths, tags, teams and specifications. Start here.',
  input: z.object({
    query: z.string().max(500).describe('Words that all have to be found. Empty: every API.'),
    team: z.string().max(200).optional().describe('Of this team alone.'),
    tags: z.array(z.string().max(200)).max(20).optional().describe('All of these, such as "area=payments".'),
    page_token: z.string().max(2000).optional().describe('next_page_token of the answer before, for more of the same.'),
  }),
  isReading: true,
  isDestructive: false,
  async run(invoke, { page_token: pageToken = '', query, tags = [], team }) {
    const found = await invoke(CatalogService.method.search, {
      query,
      tags,
      teams: team === undefined ? [] : [team],
      pageSize: MOST,
      pageToken,
    });
    const { apis = [], nextPageToken } = toJson(SearchResponseSchema, found);
    const names = apis.map(({ namespace, name }) => `${namespace}/${name}`);
    const text =
      found.total === 0 ? 'No API that the user may see matches.' : `${found.total} found: ${names.join(', ')}`;
    return told(text, { total: found.total, apis, ...(nextPageToken && { next_page_token: nextPageToken }) });
  },
});
