import { DescribeResponseSchema, SearchResponseSchema } from '../../../gen/ostiary/v1/catalog_pb.js';
import type { CatalogEntry, SearchResponse } from '../../../gen/ostiary/v1/catalog_pb.js';
import { UserError } from '../../errors.ts';
import { integer, list, oneOf } from '../../flags.ts';
import { didYouMean } from '../../nearest.ts';
import { printJson } from '../analytics/asking.ts';
import { shown } from '../analytics/shown.ts';
import { table } from '../analytics/table.ts';
import { whole } from '../analytics/units.ts';
import { defineCommand } from '../command.ts';
import { apiJson, apiLines } from './catalog-text.ts';
import { namespaceFlag } from './get.ts';
import { namedIn, shortName } from './kinds.ts';
import { callServer, serverFlags } from './server.ts';

const ACTIONS = ['search', 'show'];
const MOST_WORDS = 50;

/** The APIs that one may ask for. */
export const command = defineCommand({
  usage: 'catalog search [WORD...] | catalog show NAME [FLAGS]',
  summary:
    'search finds APIs that you may ask for, the best first: by name, tag, path, description, and by what their\n' +
    'specifications say. show tells what its callers need to know of one: where it is, how to authenticate, its tiers,\n' +
    'its terms of use, and what you have with it. ostiary contract request asks for a contract.',
  examples: ['catalog search parcel tracking --tag area=logistics', 'catalog show shop/orders'],
  flags: {
    ...namespaceFlag,
    team: list([], 'NAME', 'of search: APIs of this team; repeatable'),
    lifecycle: list([], 'NAME', 'of search: published, deprecated, retired or draft; repeatable'),
    tag: list([], 'KEY=VALUE', 'of search: APIs with this label; repeatable: all of them'),
    limit: integer(25, 1, 100, 'of search: how many are told'),
    output: { ...oneOf('table', ['table', 'json'], 'a table, or JSON'), short: 'o' },
    ...serverFlags,
  },
  sections: { team: 'Which', limit: 'How', server: 'Where' },
  maxArguments: MOST_WORDS,
  argumentWords: ACTIONS,
  concerned([action = '']) {
    const common = ['output', 'server', 'serverCa', 'requestTimeout', 'tokenFile'] as const;
    if (action === 'search') return ['team', 'lifecycle', 'tag', 'limit', ...common];
    return action === 'show' ? ['namespace', ...common] : undefined;
  },
  async run({ values, positionals: [action = '', ...words] }, environment) {
    const caller = { values, environment };
    const isJson = values.output === 'json';
    if (action === 'search') {
      const { lifecycle: lifecycles, limit: pageSize, tag: tags, team: teams } = values;
      const request = { query: words.join(' '), teams, lifecycles, tags, pageSize };
      const answer = await callServer('CatalogService/Search', request, SearchResponseSchema, caller);
      if (isJson) printJson({ total: answer.total, apis: answer.apis.map(entryJson) });
      else process.stdout.write(searchText(answer));
      return 0;
    }
    if (action !== 'show') {
      const meant = action === '' ? 'an action comes first.' : `there is no action ${JSON.stringify(action)}`;
      throw new UserError(`${meant}${didYouMean(action, ACTIONS)} Expected ostiary catalog search|show`, 2);
    }
    if (words.length !== 1) throw new UserError('which API? ostiary catalog show NAME', 2);
    const { namespace, name } = namedIn([`api/${words[0]}`], values.namespace);
    const request = { namespace, name };
    const { api } = await callServer('CatalogService/Describe', request, DescribeResponseSchema, caller);
    if (api === undefined) throw new UserError('the control plane told nothing of this API');
    if (isJson) printJson({ api: apiJson(api) });
    else
      process.stdout.write(
        apiLines(api)
          .map((line) => `${line}\n`)
          .join(''),
      );
    return 0;
  },
});

function searchText({ apis, total, unreadSpecifications }: SearchResponse): string {
  const unread =
    unreadSpecifications === 0
      ? ''
      : `${whole(unreadSpecifications)} specifications are being read yet: what they say is found in a moment\n`;
  if (apis.length === 0) return `no API that you may ask for has this\n${unread}`;
  const columns = ['NAME', 'TEAM', 'LIFECYCLE', 'VERSION', 'DESCRIPTION'].map((title) => ({ title }));
  const rows = apis.map((entry) => [
    shortName({ ...entry, kind: 'Api' }).slice('api/'.length),
    entry.team,
    entry.lifecycle || '-',
    entry.version || '-',
    firstLine(entry),
  ]);
  const more = total > apis.length ? `${whole(apis.length)} of ${whole(total)}\n` : '';
  return table(columns, rows) + more + unread;
}

function firstLine({ description, displayName }: CatalogEntry): string {
  const [line = ''] = (description || displayName).split('\n');
  return shown(line.length > 60 ? `${line.slice(0, 59)}…` : line);
}

function entryJson(entry: CatalogEntry): object {
  const { $typeName: _type, $unknown: _unknown, foundInSpecification, ...told } = entry;
  return { ...told, ...(foundInSpecification && { foundInSpecification }) };
}
