import type { Entry } from './entry.ts';
import type { RequestFamilies } from './request-families.ts';
import { PLACE } from './request-key.ts';
import type { RequestKey } from './request-key.ts';
import { traceIdOf } from './trace-id.ts';

/** `none`: the request ended before any answer. */
const STATUS_CLASSES = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;

/** Counts requests that ended, for Prometheus. */
export class RequestMetrics {
  readonly #families: RequestFamilies;
  /** Label values, in the order of the labels; overwritten for each request. */
  readonly #request = ['', '', '', '', '', ''];
  readonly #api = [''];
  readonly #violation = ['', '', ''];
  readonly #edge = ['', '', '', ''];

  constructor(families: RequestFamilies) {
    this.#families = families;
  }

  /**
   * @param key the key of the entry
   * @param now milliseconds since the Unix epoch
   */
  ended(entry: Entry, { texts }: RequestKey, now: number): void {
    const families = this.#families;
    const text = (place: number): string => texts[place] as string;
    const api = text(PLACE.api);
    const outcome = text(PLACE.outcome);
    const { status } = entry;
    const statusClass = STATUS_CLASSES[status >= 100 && status < 600 ? Math.floor(status / 100) : 0] as string;
    const request = this.#request;
    request[0] = api;
    request[1] = text(PLACE.client);
    request[2] = text(PLACE.tier);
    request[3] = text(PLACE.method);
    request[4] = statusClass;
    request[5] = outcome;
    families.requests.add(request, 1);

    this.#api[0] = api;
    const row = families.byApi.rowOf(this.#api);
    const { durationMs } = entry;
    if (!Number.isNaN(durationMs)) families.durations.observe(row, durationMs, traceIdOf(entry), now);
    families.requestSizes.observe(row, entry.requestHeaderBytes + entry.requestBodyBytes, '', now);
    families.responseSizes.observe(row, entry.responseHeaderBytes + entry.responseBodyBytes, '', now);

    if (outcome === 'blocked') {
      const violation = this.#violation;
      violation[0] = api;
      violation[1] = text(PLACE.policy);
      violation[2] = text(PLACE.reason);
      families.violations.add(violation, 1);
    }
    if (text(PLACE.source) !== '') {
      const edge = this.#edge;
      edge[0] = text(PLACE.source);
      edge[1] = api;
      edge[2] = text(PLACE.service);
      edge[3] = statusClass;
      families.edges.add(edge, 1);
    }
  }
}
