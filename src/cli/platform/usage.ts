import { durationMs, timestampDate } from '@bufbuild/protobuf/wkt';
import { Forecast_Kind as Kind, GetUsageResponseSchema, UsageSource } from '../../../gen/ostiary/v1/usage_pb.js';
import type { Forecast, GetUsageResponse, LimitUsage } from '../../../gen/ostiary/v1/usage_pb.js';
import { UserError } from '../../errors.ts';
import { oneOf } from '../../flags.ts';
import { limitInWords } from '../../quota/limit-words.ts';
import { printJson } from '../analytics/asking.ts';
import { table } from '../analytics/table.ts';
import { shortPercent, whole } from '../analytics/units.ts';
import { defineCommand } from '../command.ts';
import { namespaceFlag } from './get.ts';
import { namedIn } from './kinds.ts';
import { wordsFor } from './limits-of.ts';
import { isoText, secondsText } from './moments.ts';
import { callServer, serverFlags } from './server.ts';

/** How much of its limits a contract has used. */
export const command = defineCommand({
  usage: 'usage CONTRACT [FLAGS]',
  summary:
    'Tells how much of its limits a contract has used, when their windows end, and when they are spent at the rate of\n' +
    'lately, where that is more than a guess. ostiary get contracts lists contracts.',
  examples: ['usage web-shop-orders', 'usage shop/zoo-mobile-orders -o json'],
  flags: {
    ...namespaceFlag,
    output: { ...oneOf('table', ['table', 'json'], 'a table, or JSON'), short: 'o' },
    ...serverFlags,
  },
  sections: { namespace: 'Which', output: 'How', server: 'Where' },
  maxArguments: 1,
  async run({ values, positionals }, environment) {
    if (positionals.length === 0) throw new UserError('of which contract? ostiary usage CONTRACT', 2);
    const { namespace, name } = namedIn([`contract/${positionals[0]}`], values.namespace);
    const caller = { values, environment };
    const answer = await callServer('UsageService/GetUsage', { namespace, name }, GetUsageResponseSchema, caller);
    if (values.output === 'json') printJson(jsonOf(answer));
    else process.stdout.write(textOf(answer));
    return 0;
  },
});

function textOf(answer: GetUsageResponse): string {
  const { lastDay, limits, tier } = answer;
  const day =
    lastDay === undefined
      ? ''
      : `last 24 hours: ${whole(lastDay.passed)} passed, ${whole(lastDay.refused)} refused, ${whole(lastDay.overQuota)} of them over quota\n`;
  if (limits.length === 0) return `${tier === '' ? 'it has no tier' : `tier ${tier} has no limit`}\n${day}`;
  const columns = ['LIMIT', 'USED', 'SHARE', 'WINDOW ENDS', 'FORECAST'].map((title) => ({
    title,
    isNumber: title === 'USED' || title === 'SHARE',
  }));
  const rows = limits.map(({ forecast, limit, resets, used }) => [
    limit === undefined ? '-' : limitInWords(wordsFor(limit)),
    used === undefined ? '-' : whole(used),
    used === undefined || limit === undefined || limit.maximumRequests === 0n
      ? '-'
      : shortPercent(Number(used) / Number(limit.maximumRequests)),
    resets === undefined ? '-' : secondsText(resets),
    forecastText(forecast),
  ]);
  return table(columns, rows) + sourceText(answer) + day;
}

function forecastText(forecast: Forecast | undefined): string {
  switch (forecast?.kind) {
    case Kind.SPENT_NOW:
      return 'spent';
    case Kind.SPENT:
      return `spent ${secondsText(forecast.at)} at this rate`;
    case Kind.LASTS:
      return 'lasts until the window ends';
    default:
      return '-';
  }
}

function sourceText({ askedSidecars, countingSidecars, differs, source }: GetUsageResponse): string {
  switch (source) {
    case UsageSource.COUNTERS: {
      const asked = `as ${whole(countingSidecars)} of ${whole(askedSidecars)} sidecars count`;
      return differs ? `${asked}; each by itself: this is the one with the least left\n` : `${asked}\n`;
    }
    case UsageSource.HISTORY:
      return 'as requests were counted: no sidecar tells its counters\n';
    default:
      return 'nobody counts: no sidecar that follows this control plane has the contract\n';
  }
}

function jsonOf({ at, lastDay, limits, source, tier, ...answer }: GetUsageResponse): object {
  return {
    tier,
    ...(at !== undefined && { at: isoText(at) }),
    source: source === UsageSource.COUNTERS ? 'counters' : source === UsageSource.HISTORY ? 'history' : 'none',
    askedSidecars: answer.askedSidecars,
    countingSidecars: answer.countingSidecars,
    differs: answer.differs,
    limits: limits.map(limitJson),
    ...(lastDay !== undefined && {
      lastDay: {
        passed: Number(lastDay.passed),
        refused: Number(lastDay.refused),
        overQuota: Number(lastDay.overQuota),
      },
    }),
  };
}

const FORECASTS: ReadonlyMap<Kind, string> = new Map([
  [Kind.SPENT_NOW, 'spent_now'],
  [Kind.SPENT, 'spent'],
  [Kind.LASTS, 'lasts'],
]);

function limitJson({ forecast, limit, resets, used }: LimitUsage): object {
  return {
    ...(limit !== undefined && wordsFor(limit)),
    ...(used !== undefined && { used: Number(used) }),
    ...(resets !== undefined && { resets: timestampDate(resets).toISOString() }),
    ...(forecast !== undefined &&
      FORECASTS.has(forecast.kind) && {
        forecast: {
          kind: FORECASTS.get(forecast.kind),
          ...(forecast.at !== undefined && { at: isoText(forecast.at) }),
          ...(forecast.rate > 0 && { ratePerSecond: forecast.rate }),
          ...(forecast.lookedBack !== undefined && { lookedBackMs: durationMs(forecast.lookedBack) }),
        },
      }),
  };
}
