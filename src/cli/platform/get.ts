import { GetResponseSchema, ListResponseSchema } from '../../../gen/ostiary/v1/resources_pb.js';
import type { ListResponse, Resource } from '../../../gen/ostiary/v1/resources_pb.js';
import { UserError } from '../../errors.ts';
import { integer, list, oneOf, text } from '../../flags.ts';
import { defineCommand } from '../command.ts';
import { KIND_WORDS, namedIn } from './kinds.ts';
import { pair, pairsOf } from './pairs.ts';
import { fieldsFor, printerOf, printResource } from './resources.ts';
import { callServer, serverFlags } from './server.ts';
import type { Caller } from './server.ts';

const OUTPUTS = ['table', 'wide', 'yaml', 'json', 'name'] as const;

export const namespaceFlag = {
  namespace: { ...text(undefined, 'NAME', 'of this namespace'), short: 'n' },
};

const PAGE = 1000;
/** Ten million resources. */
const MOST_PAGES = 10_000;

/** Reads resources of the control plane. */
export const command = defineCommand({
  usage: 'get KIND [NAME] [FLAGS]',
  summary:
    'Lists the resources of a kind, of all namespaces, or shows one. Kinds: apis, apps, contracts, bindings, alerts,\n' +
    'webhooks, secrets, configurations, teams, specifications. A name alone is of the namespace default;\n' +
    'KIND/NAMESPACE/NAME is of any.',
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
    limit: { ...integer(0, 0, 10_000_000, 'at most so many'), shown: 'all' },
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
      const found = await getOne({ kind, namespace, name }, caller);
      printResource(kind, found, values.output);
      if (values.output === 'yaml') tellParts(isPart(found) ? 1 : 0);
      return 0;
    }
    const printer = printerOf(kind, values.output);
    const asked = {
      kinds: [kind],
      namespaces: namespace === '' ? [] : [namespace],
      labels: pairsOf(values.selector),
      where: pairsOf(values.where),
      search: values.search,
      ...fieldsFor(kind, values.output),
    };
    let left = values.limit === 0 ? Infinity : values.limit;
    let parts = 0;
    for await (const { resources, total } of pagesOf(asked, caller)) {
      printer.add(resources.slice(0, left));
      parts += resources.slice(0, left).filter(isPart).length;
      left -= resources.length;
      if (left > 0) continue;
      if (total > values.limit) process.stderr.write(`${values.limit} of ${total} are shown: --limit 0 shows all\n`);
      break;
    }
    printer.end();
    if (values.output === 'yaml') tellParts(parts);
    return 0;
  },
});

/** Whether something is left out of what the caller sees: of a newer control plane, in a way that is not known here. */
export function isPart({ view }: Resource): boolean {
  return view !== '' && view !== 'whole';
}

function tellParts(parts: number): void {
  if (parts === 0) return;
  const which = parts === 1 ? 'a document' : `${parts} documents`;
  process.stderr.write(`${which} of these you see in part, without credentials or policies: not to be applied\n`);
}

/** @throws UserError where there is none */
export async function getOne(
  key: { kind: string; namespace: string; name: string },
  caller: Caller,
): Promise<Resource> {
  const { resource } = await callServer('ResourceService/Get', key, GetResponseSchema, caller);
  if (resource === undefined) throw new UserError('the control plane answered without a resource');
  return resource;
}

/** Pages, until there are no more. @throws UserError where they have no end */
export async function* pagesOf(request: object, caller: Caller): AsyncGenerator<ListResponse> {
  let pageToken = '';
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const asked = { ...request, pageSize: PAGE, pageToken };
    const page = await callServer('ResourceService/List', asked, ListResponseSchema, caller);
    yield page;
    if (page.nextPageToken === '') return;
    if (page.nextPageToken === pageToken) break;
    pageToken = page.nextPageToken;
  }
  throw new UserError('the control plane has sent pages without an end');
}

/** All of them. */
export async function listAll(request: object, caller: Caller): Promise<readonly Resource[]> {
  const found: Resource[] = [];
  for await (const { resources } of pagesOf(request, caller)) found.push(...resources);
  return found;
}
