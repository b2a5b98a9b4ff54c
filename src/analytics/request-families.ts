import { CounterTable } from '../observe/counter-table.ts';
import type { SharedFamily } from '../observe/exposition.ts';
import { HistogramTable } from '../observe/histogram-table.ts';
import { SeriesTable } from '../observe/series-table.ts';

export interface FamilyBounds {
  /** The value of `--analytics-series`: the most series of `ostiary_requests_total`. */
  readonly mostSeries: number;
  /** Makes it unpredictable which series collide in the hash table. */
  readonly seed: number;
}

export interface RequestFamilies {
  readonly requests: CounterTable<'api' | 'client' | 'tier' | 'method' | 'status_class' | 'outcome'>;
  /** The series of the three histograms. */
  readonly byApi: SeriesTable<'api'>;
  readonly durations: HistogramTable<'api'>;
  readonly requestSizes: HistogramTable<'api'>;
  readonly responseSizes: HistogramTable<'api'>;
  readonly violations: CounterTable<'api' | 'policy' | 'reason'>;
  readonly edges: CounterTable<'source' | 'api' | 'service' | 'status_class'>;
  readonly all: readonly SharedFamily[];
}

/** Each has three histograms. */
const MOST_APIS = 1000;
const MOST_EDGES = 10_000;
const MOST_VIOLATIONS = 10_000;

/** 1 ms, 2 ms, 4 ms … to 65.536 s. */
const DURATIONS = Array.from({ length: 17 }, (_, exponent) => exponent);
/** 64 octets, 256, 1024 … to 16 MiB. */
const SIZES = Array.from({ length: 10 }, (_, at) => 6 + at * 2);

/** Makes the metric families of requests that ended. */
export function createRequestFamilies({ mostSeries, seed }: FamilyBounds): RequestFamilies {
  const byApi = new SeriesTable({ name: '', labels: ['api'], folding: ['api'], most: MOST_APIS, seed });
  const families = {
    requests: new CounterTable({
      name: 'ostiary_requests_total',
      help: 'Requests that have ended, as Envoy logs them, by API, client application, tier, method, class of the status, and outcome.',
      labels: ['api', 'client', 'tier', 'method', 'status_class', 'outcome'],
      most: mostSeries,
      folding: ['client', 'tier', 'method', 'status_class', 'api'],
      seed,
    }),
    durations: new HistogramTable({
      series: byApi,
      name: 'ostiary_request_duration_seconds',
      help: 'Time from the first byte of a request to the end of its answer, by API.',
      exponents: DURATIONS,
      divisor: 1000,
    }),
    requestSizes: new HistogramTable({
      series: byApi,
      name: 'ostiary_request_size_bytes',
      help: 'Octets of a request, headers and body, by API.',
      exponents: SIZES,
      divisor: 1,
    }),
    responseSizes: new HistogramTable({
      series: byApi,
      name: 'ostiary_response_size_bytes',
      help: 'Octets of an answer, headers and body, by API.',
      exponents: SIZES,
      divisor: 1,
    }),
    violations: new CounterTable({
      name: 'ostiary_policy_violations_total',
      help: 'Requests that have ended because a policy refused them, by API, policy and reason.',
      labels: ['api', 'policy', 'reason'],
      most: MOST_VIOLATIONS,
      folding: ['policy', 'api', 'reason'],
      seed,
    }),
    edges: new CounterTable({
      name: 'ostiary_edge_requests_total',
      help: "Requests that have ended, by the caller's workload, the API, the upstream's cluster, and class of the status.",
      labels: ['source', 'api', 'service', 'status_class'],
      most: Math.min(mostSeries, MOST_EDGES),
      folding: ['source', 'service', 'api'],
      seed,
    }),
  } as const;
  return { ...families, byApi, all: Object.values(families) };
}
