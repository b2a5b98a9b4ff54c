import { integer, list, oneOf, text, toggle } from '../../flags.ts';
import type { FlagValues, Form } from '../../flags.ts';
import { apiFlags } from '../api-flags.ts';
import { serverFlags } from '../platform/server.ts';
import type { Caller } from '../platform/server.ts';
import { condition, dimensions } from './dimension-flags.ts';
import { pastMoment, step } from './time-flags.ts';

const OUTPUTS = ['table', 'json', 'csv', 'dot', 'mermaid'] as const;
export type Output = (typeof OUTPUTS)[number];

export const RANKS = ['requests', 'errors', 'denials', 'duration', 'bytes'] as const;

const rate: Form = (given) => (/^\d+(?:\.\d+)?$/.test(given) ? undefined : 'expected requests a second, such as 0.5');

const node: Form = (given) =>
  /^(?:client|api|service|workload):/.test(given) ? undefined : 'expected a kind and a name, such as api:orders';

export const flags = {
  since: text(
    undefined,
    'TIME',
    'from when on: so long ago (30m, 24h, 7d) or a moment (default 1h, of samples 24h)',
    pastMoment,
  ),
  until: text(undefined, 'TIME', 'until when: so long ago or a moment (default now)', pastMoment),
  api: text(undefined, 'NAME', 'requests of this API: the same as --where api=NAME'),
  client: text(undefined, 'NAME', 'requests of this client application'),
  reason: text(undefined, 'NAME', 'requests that were refused for this reason, such as quota_spent'),
  where: list(
    [],
    'DIMENSION=VALUE',
    'requests with this value; != for those without it, status=5xx for a class, an empty value for none; repeatable: of one dimension any may hold, of several all must',
    condition,
  ),
  by: text(undefined, 'DIMENSIONS', 'a row for each combination of values, such as client,status', dimensions),
  step: text(undefined, 'LENGTH', 'a row for each span of so long as well, such as 5m or 1d', step),
  rankBy: oneOf('requests', RANKS, 'what the highest are the highest of; duration is the mean one'),
  limit: {
    ...integer(0, 1, 10_000, 'how many are told: the highest, or the latest'),
    shown: '100 of query, 10 of top, 50 edges of each kind, 20 samples',
  },
  team: text(undefined, 'NAME', 'APIs and client applications of this team, as the control plane knows it'),
  minRate: text(undefined, 'RATE', 'edges with so many requests a second or more', rate),
  errorsOnly: toggle('edges with errors: those with the most of them'),
  around: text(undefined, 'NODE', 'what is near a node: client:NAME, api:NAME, service:NAME or workload:NAME', node),
  steps: { ...integer(0, 1, 5, 'how many steps from that node'), shown: '1' },
  id: text(undefined, 'ID', 'the sample with this id'),
  output: { ...oneOf('table', OUTPUTS, 'table, json or csv; of graph dot or mermaid too'), short: 'o' },
  apiAddress: apiFlags.api,
  apiTokenFile: apiFlags.apiTokenFile,
  ...serverFlags,
};

export type Values = FlagValues<typeof flags> & {
  /** How the control plane is asked; undefined: one service is. */
  readonly mesh?: Caller | undefined;
};
