import { toJson } from '@bufbuild/protobuf';
import { z } from 'zod';
import { CatalogService, DescribeResponseSchema } from '../../../gen/ostiary/v1/catalog_pb.js';
import { ResourceService } from '../../../gen/ostiary/v1/resources_pb.js';
import { defineTool, told } from '../tool.ts';
import { apiInput, keyOf } from './names.ts';

/** What a model can read of a specification at once. */
const MOST_CHARACTERS = 100_000;

export const describeApi = defineTool({
  name: 'describe_api',
  title: 'Describe an API',
  description:
    'Tells what a caller needs to know of one API: where it is, how to authenticate, tiers with their limits, terms of use, versions, and the contracts that the user has with it. With specification, its OpenAPI or other document too.',
  input: z.object({
    api: apiInput,
    specification: z.boolean().optional().describe('Whether its specification is wanted too: it may be long.'),
  }),
  isReading: true,
  isDestructive: false,
  async run(invoke, { api, specification = false }) {
    const described = await invoke(CatalogService.method.describe, keyOf(api));
    const data = { ...toJson(DescribeResponseSchema, described).api };
    const has = described.api?.specification;
    if (!specification || has === undefined) return told(`This is the API ${api}.`, data);
    const { name, namespace } = has;
    const { resource } = await invoke(ResourceService.method.get, { kind: 'Specification', namespace, name });
    const text = textOf(resource?.document?.['spec']);
    const isCut = text.length > MOST_CHARACTERS;
    return told(`This is the API ${api}${isCut ? '; its specification is cut' : ''}.`, {
      ...data,
      specification_text: text.slice(0, MOST_CHARACTERS),
      specification_is_cut: isCut,
    });
  },
});

function textOf(spec: unknown): string {
  return typeof spec === 'object' && spec !== null && 'text' in spec && typeof spec.text === 'string' ? spec.text : '';
}
