import type { CatalogLimitJson } from '../../../../gen/ostiary/v1/catalog_pb.js';
import { limitInWords, limitsInWords, windowInWords } from '../../../../src/quota/limit-words.ts';
import type { LimitInWords } from '../../../../src/quota/limit-words.ts';

/** Protobuf's JSON writes numbers of 64 bits as texts. */
function numbersOf({
  calendar = '',
  maximumRequests = '0',
  timePeriodInMilliseconds = '0',
  timeZone = '',
}: CatalogLimitJson): LimitInWords {
  return {
    maximumRequests: Number(maximumRequests),
    timePeriodInMilliseconds: Number(timePeriodInMilliseconds),
    calendar,
    timeZone,
  };
}

/** `100 requests a second and 10,000 a day`. */
export function limitsText(limits: readonly CatalogLimitJson[] | undefined): string {
  return limitsInWords((limits ?? []).map(numbersOf));
}

/** `10,000 requests a day`. */
export function limitText(limit: CatalogLimitJson): string {
  return limitInWords(numbersOf(limit));
}

/** `from midnight, Europe/Berlin`. */
export function windowText(limit: CatalogLimitJson): string {
  return windowInWords(numbersOf(limit));
}
