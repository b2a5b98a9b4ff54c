import { fieldOf, isOf, messagesBelow, numberOf, partOf, partsOf, textOf } from '../../generate/envoy-value.ts';
import type { Part } from '../../generate/envoy-value.ts';
import { destinationOf, loggerRemarks, streamsTo } from '../../generate/logger-remarks.ts';
import { finding } from '../finding.ts';
import type { Finding, Place } from '../finding.ts';
import { millisecondsOf } from '../duration.ts';

type PlaceOf = (part: Part, field?: string) => Place;

/** Envoy's own, where the filter gives none. */
export const USUAL_TIMEOUT_MS = 200;

/** What is wrong with a filter that asks, wherever it is configured. @param storeTimeoutMs of the ostiary that is asked */
export function* filterChecks(config: Part, placeOf: PlaceOf, storeTimeoutMs: number): Generator<Finding> {
  if (fieldOf(config, 'failure_mode_allow').value === true) {
    const message = 'failure_mode_allow is true: while ostiary does not answer, every request passes';
    yield finding('OST204', placeOf(config, 'failure_mode_allow'), message, 'failure_mode_allow: false');
  }
  if (partOf(config, 'http_service') !== undefined) {
    const message = 'asks over HTTP (http_service), so how a request ends can not be told, and raw headers are lost';
    const remedy = 'ostiary generate bootstrap --ostiary HOST:9191  # prints the filter with grpc_service';
    yield finding('OST211', placeOf(config, 'http_service'), message, remedy);
  }
  const grpc = partOf(config, 'grpc_service');
  if (grpc !== undefined) {
    const timeoutMs = millisecondsOf(fieldOf(grpc, 'timeout').value) ?? USUAL_TIMEOUT_MS;
    if (timeoutMs > 0 && timeoutMs <= storeTimeoutMs) {
      const message = `waits ${timeoutMs} ms for ostiary, which waits up to ${storeTimeoutMs} ms for its counters alone: Envoy gives up before ostiary's outage policy can decide`;
      yield finding('OST206', placeOf(grpc, 'timeout'), message, `timeout: ${(storeTimeoutMs + 200) / 1000}s`);
    }
  }
  const share = partOf(config, 'filter_enabled');
  const numerator = share && partOf(share, 'default_value');
  if (share !== undefined && numerator !== undefined && shareOf(numerator) < 1) {
    const message = `filter_enabled lets ${Math.round((1 - shareOf(numerator)) * 100)} % of the requests pass unasked`;
    yield finding('OST205', placeOf(config, 'filter_enabled'), message, 'take filter_enabled away');
  }
}

function shareOf(percent: Part): number {
  const of = { HUNDRED: 100, TEN_THOUSAND: 10_000, MILLION: 1_000_000 }[textOf(percent, 'denominator') || 'HUNDRED'];
  return (numberOf(percent, 'numerator') ?? 0) / (of ?? 100);
}

/** Routes and virtual hosts that are taken out. @param root what has them, at any depth */
export function* routeChecks(root: Part, placeOf: PlaceOf): Generator<Finding> {
  for (const part of messagesBelow(root)) {
    const own = partOf(part, 'typed_per_filter_config');
    if (own === undefined) continue;
    for (const [key, value] of Object.entries(own.value)) {
      if (typeof value !== 'object' || value === null) continue;
      const config: Part = { value: value as Part['value'], path: [...own.path, key] };
      const isOurs = isOf(config, 'ExtAuthzPerRoute') || (isOf(config, 'FilterConfig') && key.includes('ext_authz'));
      if (!isOurs || config.value['disabled'] !== true) continue;
      const name = textOf(part, 'name');
      const match = partOf(part, 'match');
      const prefix =
        match && (textOf(match, 'prefix') || textOf(match, 'path') || textOf(match, 'path_separated_prefix'));
      const which = prefix === undefined || prefix === '' ? name : prefix;
      const message = `requests of ${which === '' ? 'this route' : JSON.stringify(which)} pass without a decision: the filter is disabled for it`;
      const remedy = 'take the entry away; an Api whose requests are open says so itself: public: true';
      yield finding('OST205', placeOf(config, 'disabled'), message, remedy);
    }
  }
}

/** What loggers that come to ostiary would lose. */
export function* loggerChecks(root: Part, asked: ReadonlySet<string>, placeOf: PlaceOf): Generator<Finding> {
  for (const part of messagesBelow(root)) {
    for (const logger of partsOf(part, 'access_log')) {
      if (![...asked].some((destination) => streamsTo(logger, destination))) continue;
      for (const { path, message } of loggerRemarks(logger)) {
        const at = { value: {}, path };
        const remedy = 'ostiary generate bootstrap --ostiary HOST:9191 --access-log  # prints the logger';
        yield finding('OST212', placeOf(at), message, remedy);
      }
    }
  }
}

/** Whom filters ask. */
export function destinationsOf(filters: readonly Part[]): ReadonlySet<string> {
  const found = filters.map((config) => destinationOf(partOf(config, 'grpc_service')));
  return new Set(found.filter((each) => each !== ''));
}
