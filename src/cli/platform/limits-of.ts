import type { CatalogLimit } from '../../../gen/ostiary/v1/catalog_pb.js';
import type { LimitInWords } from '../../quota/limit-words.ts';

/** Limits of a message, to be told to people. */
export function wordsFor({
  calendar,
  maximumRequests,
  timePeriodInMilliseconds,
  timeZone,
}: CatalogLimit): LimitInWords {
  return {
    maximumRequests: Number(maximumRequests),
    timePeriodInMilliseconds: Number(timePeriodInMilliseconds),
    calendar,
    timeZone,
  };
}
