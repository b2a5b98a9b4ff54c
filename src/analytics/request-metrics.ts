import type { Snapshot } from '../snapshot/snapshot.ts';
import { CounterFamily } from '../observe/counter-family.ts';
import type { CounterSeries } from '../observe/counter-family.ts';
import { DurationFamily } from '../observe/duration-family.ts';
import type { DurationSeries } from '../observe/duration-family.ts';
import type { Registry } from '../observe/prometheus.ts';
import { OTHER } from '../observe/series.ts';
import type { Entry } from './entry.ts';
import { METHODS, TCP } from './method.ts';
import { outcomeOf, OUTCOMES } from './outcome.ts';

export interface RequestMetrics {
  /** A request has ended. */
  ended(entry: Entry): void;
}

/** What the label values of requests are held against: who sends entries can't make a series of a name that is no document's. */
export type Names = Pick<Snapshot, 'apiNamed' | 'directory'>;

/** By the number that Envoy tells; then that of connections. */
const METHOD_LABELS = [...METHODS.map((method) => method ?? OTHER), TCP];
/** The first: the request ended before any answer. */
const STATUS_CLASSES = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'];

const BOUNDS_MS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000];

/** At most this many clients become label values; later ones share `_other`. */
const MAX_CLIENTS = 1000;
/** With a histogram for each. */
const MAX_APIS = 1000;

interface ApiSeries {
  readonly name: string;
  readonly durations: DurationSeries;
  readonly requestBytes: CounterSeries;
  readonly responseBytes: CounterSeries;
  /** By client id, then by tier. */
  readonly callers: Map<string, Map<string, CallerSeries>>;
}

interface CallerSeries {
  readonly client: string;
  readonly tier: string;
  /** By outcome, method and status class. */
  readonly counters: (CounterSeries | undefined)[];
}

export function createRequestMetrics(registry: Registry, names: () => Names): RequestMetrics {
  const families = createFamilies(registry);
  const apis = new Map<string, ApiSeries>();
  /** The name of a client application by its client id. */
  const clients = new Map([
    ['', ''],
    [OTHER, OTHER],
  ]);

  /** A name that no document has is not kept, so that made up ones take no memory. */
  function apiOf(name: string): ApiSeries {
    const known = apis.get(name);
    if (known !== undefined) return known;
    const isOwn = name === '' || name === OTHER || (apis.size < MAX_APIS && names().apiNamed(name) !== undefined);
    if (!isOwn) return apiOf(OTHER);
    const made: ApiSeries = {
      name,
      durations: families.durations.series(name),
      requestBytes: families.requestBytes.series(name),
      responseBytes: families.responseBytes.series(name),
      callers: new Map(),
    };
    apis.set(name, made);
    return made;
  }

  function callerOf(api: ApiSeries, clientId: string, tier: string): CallerSeries {
    const known = api.callers.get(clientId)?.get(tier);
    if (known !== undefined) return known;
    const client = nameOf(clientId);
    if (client === undefined) return callerOf(api, OTHER, tier);
    if (!isTier(api.name, tier)) return callerOf(api, clientId, OTHER);
    let tiers = api.callers.get(clientId);
    if (tiers === undefined) api.callers.set(clientId, (tiers = new Map<string, CallerSeries>()));
    const made: CallerSeries = { client, tier, counters: [] };
    tiers.set(tier, made);
    return made;
  }

  function nameOf(clientId: string): string | undefined {
    const known = clients.get(clientId);
    if (known !== undefined || clients.size >= MAX_CLIENTS) return known;
    const name = names().directory.client(clientId)?.name;
    if (name !== undefined) clients.set(clientId, name);
    return name;
  }

  function isTier(api: string, tier: string): boolean {
    if (tier === '' || tier === OTHER) return true;
    return (
      names()
        .apiNamed(api)
        ?.tiers.some(({ name }) => name === tier) ?? false
    );
  }

  return {
    ended(entry) {
      const api = apiOf(entry.api);
      const caller = callerOf(api, entry.clientId, entry.tier);
      const method = entry.isTcp ? METHODS.length : METHODS[entry.methodNumber] === undefined ? 0 : entry.methodNumber;
      const statusClass = entry.status >= 100 && entry.status < 600 ? Math.floor(entry.status / 100) : 0;
      const outcome = outcomeOf(entry);
      const at = (OUTCOMES.indexOf(outcome) * METHOD_LABELS.length + method) * STATUS_CLASSES.length + statusClass;
      let counter = caller.counters[at];
      if (counter === undefined) {
        const labels = [METHOD_LABELS[method], STATUS_CLASSES[statusClass], outcome] as string[];
        counter = families.requests.series(api.name, caller.client, caller.tier, ...labels);
        caller.counters[at] = counter;
      }
      counter.value += 1;
      api.requestBytes.value += entry.requestHeaderBytes + entry.requestBodyBytes;
      api.responseBytes.value += entry.responseHeaderBytes + entry.responseBodyBytes;
      const { durationMs } = entry;
      if (!Number.isNaN(durationMs)) api.durations.observeMs(durationMs);
    },
  };
}

function createFamilies(registry: Registry) {
  return {
    requests: new CounterFamily({
      registry,
      name: 'ostiary_requests_total',
      help: 'Requests that have ended, as Envoy logs them, by API, client application, tier, method, class of the status, and outcome.',
      labels: ['api', 'client', 'tier', 'method', 'status_class', 'outcome'],
    }),
    durations: new DurationFamily({
      registry,
      name: 'ostiary_request_duration_seconds',
      help: 'Time from the first byte of a request to the end of its answer, by API.',
      labels: ['api'],
      boundsMs: BOUNDS_MS,
    }),
    requestBytes: new CounterFamily({
      registry,
      name: 'ostiary_request_bytes_total',
      help: 'Octets of requests, headers and bodies, by API.',
      labels: ['api'],
    }),
    responseBytes: new CounterFamily({
      registry,
      name: 'ostiary_response_bytes_total',
      help: 'Octets of answers, headers and bodies, by API.',
      labels: ['api'],
    }),
  };
}
