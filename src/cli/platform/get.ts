import { GetResponseSchema, ListResponseSchema } from '../../../gen/ostiary/v1/resources_pb.js';
import type { Resource } from '../../../gen/ostiary/v1/resources_pb.js';
import { UserError } from '../../errors.ts';
import { list, oneOf, text } from '../../flags.ts';
import { defineCommand } from '../command.ts';
import { KIND_WORDS, namedIn } from './kinds.ts';
import { pair, pairsOf } from './pairs.ts';
import { printResources } from './resources.ts';
import { callServer, serverFlags } from './server.ts';
import type { Caller } from './server.ts';

const OUTPUTS = ['table', 'wide', 'yaml', 'json', 'name'] as const;

export const namespaceFlag = {
  namespace: { ...text(undefined, 'NAME', 'of this namespace'), short: 'n' },
};

const PAGE = 1000;

/** Reads resources of the control plane. */
export const command = defineCommand({
  usage: 'get KIND [NAME] [FLAGS]',
  summary:
    'Lists the resources of a kind, of all namespaces, or shows one. Kinds: apis, apps, contracts, bindings, alerts,\n' +
    'webhooks, secrets, configurations. A name alone is of the namespace default; KIND/NAMESPACE/NAME is of any.',
  examples: [
    'get apis -o wide',
    'get contracts --where spec.api=orders',
    'get api orders -o yaml # as it was applied',
    'get apps --search shop -o json',
  ],
  flags: {
    ...namespaceFlag,
    selector: { ...list([], 'KEY=VALUE', 'those with this label; repeatable: all must hold', pair), short: 'l' },
    where: list([], 'FIELD=VALUE', 'those whose field has this value, such as spec.api=orders; repeatable', pair),
    search: text(undefined, 'WORDS', 'those whose name, display name, description, label or client id has these words'),
    output: {
      ...oneOf('table', OUTPUTS, 'a table, one with more columns, YAML to apply again, JSON, or names'),
      short: 'o',
    },
    ...serverFlags,
  },
  sections: { namespace: 'Which', output: 'How', server: 'Where' },
  maxArguments: 2,
  argumentWords: KIND_WORDS,
  async run({ values, positionals }, environment) {
    if (positionals.length === 0) throw new UserError('a kind comes first: ostiary get apis', 2);
    const { kind, namespace, name } = namedIn(positionals, values.namespace);
    const caller = { values, environment };
    if (name !== undefined) {
      const filters = [...values.selector, ...values.where, ...(values.search === undefined ? [] : [values.search])];
      if (filters.length > 0) throw new UserError('-l, --where and --search are for lists: leave the name out', 2);
      printResources(kind, [await getOne({ kind, namespace, name }, caller)], values.output, true);
      return 0;
    }
    const found = await listAll(
      {
        kinds: [kind],
        namespaces: namespace === '' ? [] : [namespace],
        labels: pairsOf(values.selector),
        where: pairsOf(values.where),
        search: values.search,
      },
      caller,
    );
    printResources(kind, found, values.output, false);
    return 0;
  },
});

/** @throws UserError where there is none */
export async function getOne(
  key: { kind: string; namespace: string; name: string },
  caller: Caller,
): Promise<Resource> {
  const { resource } = await callServer('ResourceService/Get', key, GetResponseSchema, caller);
  if (resource === undefined) throw new UserError('the control plane answered without a resource');
  return resource;
}

/** All pages. */
export async function listAll(request: object, caller: Caller): Promise<readonly Resource[]> {
  const found: Resource[] = [];
  let pageToken = '';
  do {
    const asked = { ...request, pageSize: PAGE, pageToken };
    const page = await callServer('ResourceService/List', asked, ListResponseSchema, caller);
    found.push(...page.resources);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return found;
}
