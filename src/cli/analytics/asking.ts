import { fromJson } from '@bufbuild/protobuf';
import type { DescMessage, JsonValue, MessageShape } from '@bufbuild/protobuf';
import { systemClock } from '../../clock.ts';
import { callApi, tokenOf } from '../api-call.ts';
import { callServer } from '../platform/server.ts';
import { jsonText } from './shown.ts';
import { conditionsOf } from './dimension-flags.ts';
import type { Values } from './flags.ts';
import { timeRangeOf } from './time-flags.ts';

const DEFAULT_API = 'http://127.0.0.1:9192';

/**
 * Calls a method of `ostiary.v1.AnalyticsService`, of the control plane or of one service.
 * @throws UserError
 */
export async function ask<O extends DescMessage>(
  method: string,
  request: object,
  answer: O,
  { apiAddress, apiTokenFile, mesh }: Values,
): Promise<MessageShape<O>> {
  if (mesh !== undefined) return callServer(`AnalyticsService/${method}`, request, answer, mesh);
  const address = { api: apiAddress ?? DEFAULT_API, token: tokenOf(apiTokenFile), flag: '--api-address' };
  const json = await callApi(`/ostiary.v1.AnalyticsService/${method}`, request, address);
  // A newer service may tell more than this program knows.
  return fromJson(answer, json as JsonValue, { ignoreUnknownFields: true });
}

/** The fields that requests have in common, in JSON. */
export function commonOf({ since, until, where, api, client, reason, limit }: Values): object {
  const texts = [...where];
  for (const [name, value] of Object.entries({ api, client, reason })) {
    if (value !== undefined) texts.push(`${name}=${value}`);
  }
  return { ...timeOf({ since, until }), where: conditionsOf(texts), limit };
}

export function timeOf({ since, until }: Pick<Values, 'since' | 'until'>): object {
  return { time: timeRangeOf(since, until, systemClock.now()) };
}

export function rankOf({ rankBy }: Values): string {
  return `RANK_BY_${rankBy.toUpperCase()}`;
}

export function printJson(value: object): void {
  process.stdout.write(`${jsonText(value)}\n`);
}
