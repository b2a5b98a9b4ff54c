import { integer, list, oneOf, text } from '../../flags.ts';
import type { FlagValues } from '../../flags.ts';
import { apiFlags } from '../api-flags.ts';
import { serverFlags } from '../platform/server.ts';
import type { Caller } from '../platform/server.ts';
import { condition, dimensions } from './dimension-flags.ts';
import { pastMoment, step } from './time-flags.ts';

const OUTPUTS = ['table', 'json', 'csv', 'dot', 'mermaid'] as const;
export type Output = (typeof OUTPUTS)[number];

export const RANKS = ['requests', 'errors', 'denials', 'duration', 'bytes'] as const;

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
  output: { ...oneOf('table', OUTPUTS, 'table, json or csv; of graph: table, json, dot or mermaid'), short: 'o' },
  apiAddress: apiFlags.api,
  apiTokenFile: apiFlags.apiTokenFile,
  ...serverFlags,
};

export type Values = FlagValues<typeof flags> & {
  /** How the control plane is asked; undefined: one service is. */
  readonly mesh?: Caller | undefined;
};
