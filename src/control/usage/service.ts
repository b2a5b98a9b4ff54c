import { create } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  Forecast_Kind as Kind,
  GetUsageRequestSchema,
  GetUsageResponseSchema,
  UsageSource,
} from '../../../gen/ostiary/v1/usage_pb.js';
import type { ForecastSchema, LimitUsageSchema } from '../../../gen/ostiary/v1/usage_pb.js';
import type { Clock } from '../../clock.ts';
import { qualifiedName } from '../../document/names.ts';
import { Code, RpcError } from '../../grpc/rpc.ts';
import type { Method } from '../../grpc/rpc.ts';
import { ArchiveUnavailable } from '../../operator/analytics-desk.ts';
import { calendarBoundaries } from '../../quota/calendar.ts';
import type { Registry } from '../../registry/registry.ts';
import type { SlotArchive } from '../../rollup/question.ts';
import type { Followers } from '../../sync/followers.ts';
import type { ControlAccess } from '../access.ts';
import { partyOf } from '../belonging.ts';
import { byKey } from '../catalog/mine.ts';
import { calendarUnit, textAt, tierMessages } from '../catalog/entry.ts';
import type { CatalogLimitMessage } from '../catalog/entry.ts';
import type { CurrentIndex } from '../current-index.ts';
import { keyNamed, resourceSeen } from '../editing.ts';
import { factsOf, keyFrom } from '../facts.ts';
import { guardedUnary } from '../guarded.ts';
import { countersOf } from './counters.ts';
import type { Counted, CountedWindow } from './counters.ts';
import { CountedRequests } from './counted-requests.ts';
import { forecastOf, lookBackMs } from './forecast.ts';
import type { Forecast } from './forecast.ts';

export interface UsagePorts {
  readonly registry: Pick<Registry, 'resources'>;
  readonly index: Pick<CurrentIndex, 'current'>;
  readonly access: ControlAccess;
  readonly clock: Pick<Clock, 'now'>;
  readonly followers: Pick<Followers, 'ask' | 'nodes'>;
  /** Undefined: no history of requests is kept. */
  readonly archive: SlotArchive | undefined;
}

/** Each asks sidecars and reads the history: of all callers. */
const MOST_AT_ONCE = 16;
const NOTHING: Counted = { asked: 0, counting: 0, differs: false, windows: [] };

/** The methods of UsageService. */
export function usageMethods(ports: UsagePorts): readonly Method[] {
  const unary = guardedUnary('ostiary.v1.UsageService', ports.access);
  let running = 0;
  return [
    unary('GetUsage', GetUsageRequestSchema, GetUsageResponseSchema, async (request, caller) => {
      const contract = await resourceSeen(ports, keyNamed('Contract', request), caller, []);
      if (running >= MOST_AT_ONCE) {
        throw new RpcError(Code.resourceExhausted, `${MOST_AT_ONCE} usages are being looked up: ask again in a moment`);
      }
      running += 1;
      try {
        return create(GetUsageResponseSchema, await usageOf(contract, ports));
      } catch (error) {
        if (error instanceof ArchiveUnavailable) throw new RpcError(Code.unavailable, error.message);
        throw error;
      } finally {
        running -= 1;
      }
    }),
  ];
}

async function usageOf(
  contract: Awaited<ReturnType<typeof resourceSeen>>,
  { archive, clock, followers, registry }: UsagePorts,
): Promise<MessageInitShape<typeof GetUsageResponseSchema>> {
  const nowMs = clock.now();
  const tier = textAt(contract.document, 'spec.tier');
  const facts = factsOf(contract, contract.document, (text) => text);
  const [apiKey, clientKey] = (['Api', 'ClientApplication'] as const).map((kind) => partyOf(facts, kind));
  const common = { tier, at: timestampFromMs(nowMs) };
  if (apiKey === undefined || clientKey === undefined) return common;
  const found = await byKey(registry, [apiKey, clientKey]);
  const limits = tierMessages(found.get(apiKey)?.document).find(({ name }) => name === tier)?.limits ?? [];
  const [api, client] = [qualifiedName(keyFrom(apiKey)), qualifiedName(keyFrom(clientKey))];
  const requests = archive && new CountedRequests(archive, { api, client }, nowMs);
  const clientId = textAt(found.get(clientKey)?.document, 'spec.clientId');
  const [counted, lastDay] = await Promise.all([
    limits.length === 0 ? NOTHING : countersOf(followers, { api, clientId }),
    requests?.lastDay(),
  ]);
  const source =
    counted.counting > 0
      ? UsageSource.COUNTERS
      : requests === undefined || limits.length === 0
        ? UsageSource.UNSPECIFIED
        : UsageSource.HISTORY;
  const told: MessageInitShape<typeof LimitUsageSchema>[] = [];
  for (const limit of limits as readonly CatalogLimitMessage[]) {
    const window = counted.counting > 0 ? windowFor(limit, counted.windows) : await windowFrom(limit, requests, nowMs);
    told.push(await limitUsage(limit, window, requests, nowMs));
  }
  return {
    ...common,
    limits: told,
    source,
    askedSidecars: counted.asked,
    countingSidecars: counted.counting,
    differs: counted.differs,
    ...(lastDay && {
      lastDay: {
        passed: BigInt(lastDay.passed),
        refused: BigInt(lastDay.refused),
        overQuota: BigInt(lastDay.overQuota),
      },
    }),
  };
}

type Window = Pick<CountedWindow, 'used' | 'endsInMs'>;

/** @returns undefined: sidecars do not have this limit yet */
function windowFor(limit: CatalogLimitMessage, windows: readonly CountedWindow[]): Window | undefined {
  const { maximumRequests, windowMs } = numbersOf(limit);
  const isSame = (each: CountedWindow): boolean => each.maximumRequests === maximumRequests;
  return windows.find((each) => isSame(each) && each.windowMs === windowMs) ?? windows.find(isSame);
}

async function windowFrom(
  limit: CatalogLimitMessage,
  requests: CountedRequests | undefined,
  nowMs: number,
): Promise<Window | undefined> {
  if (requests === undefined) return undefined;
  const { windowMs } = numbersOf(limit);
  const unit = calendarUnit(limit.calendar);
  // Of a window that begins with a request nobody here knows when that was: it ends after its length at the latest.
  if (unit === undefined) return { used: await requests.passedSince(nowMs - windowMs), endsInMs: 0 };
  const [begin, end] = calendarBoundaries({ unit, timeZone: limit.timeZone ?? 'UTC' }, nowMs);
  return { used: await requests.passedSince(begin), endsInMs: end - nowMs };
}

async function limitUsage(
  limit: CatalogLimitMessage,
  window: Window | undefined,
  requests: CountedRequests | undefined,
  nowMs: number,
): Promise<MessageInitShape<typeof LimitUsageSchema>> {
  if (window === undefined) return { limit };
  const { maximumRequests, windowMs } = numbersOf(limit);
  const endsInMs = window.endsInMs > 0 ? window.endsInMs : undefined;
  const back = lookBackMs(windowMs);
  const lately = await requests?.lately(back);
  const forecast = forecastOf({ maximumRequests, used: window.used, endsInMs }, windowMs, lately);
  return {
    limit,
    used: BigInt(window.used),
    ...(endsInMs !== undefined && { resets: timestampFromMs(nowMs + endsInMs) }),
    forecast: forecastMessage(forecast, nowMs, back),
  };
}

function forecastMessage(forecast: Forecast, nowMs: number, back: number): MessageInitShape<typeof ForecastSchema> {
  switch (forecast.kind) {
    case 'none':
      return {};
    case 'spent':
      return { kind: Kind.SPENT_NOW };
    case 'spent_in':
      return {
        kind: Kind.SPENT,
        at: timestampFromMs(Math.round(nowMs + forecast.inMs)),
        rate: forecast.ratePerSecond,
        lookedBack: durationFromMs(back),
      };
    default:
      return { kind: Kind.LASTS, rate: forecast.ratePerSecond, lookedBack: durationFromMs(back) };
  }
}

function numbersOf({ maximumRequests = 0n, timePeriodInMilliseconds = 0n }: CatalogLimitMessage) {
  return { maximumRequests: Number(maximumRequests), windowMs: Number(timePeriodInMilliseconds) };
}
