import { BUFFER_BYTES, LOGGED } from './access-logger.ts';
import { fieldOf, isOf, numberOf, partOf, textOf, textsOf } from './envoy-value.ts';
import type { Part, Path } from './envoy-value.ts';

/** What the owner of a configuration should know, and the place. */
export interface Remark {
  readonly path: Path;
  readonly message: string;
}

/** What a configuration comes to. */
export interface Inspected {
  /** How many filters, or providers of Istio, ask over gRPC who may pass. */
  readonly asking: number;
  /** How many of them have a log that comes to whom they ask. */
  readonly logging: number;
  readonly remarks: readonly Remark[];
}

/** Decisions whose entries are later than a minute are told as unreported. */
const LATEST_FLUSH_S = 30;

/** Where gRPC goes: the name of a cluster, or the address that the gRPC library is given. */
export function destinationOf(grpcService: Part | undefined): string {
  if (grpcService === undefined) return '';
  return (
    textOf(partOf(grpcService, 'envoy_grpc'), 'cluster_name') ||
    textOf(partOf(grpcService, 'google_grpc'), 'target_uri')
  );
}

/** Whether a logger streams to whoever answers the Checks there. @param logger of a list `access_log` */
export function streamsTo(logger: Part, destination: string): boolean {
  const config = partOf(logger, 'typed_config');
  const common = config && partOf(config, 'common_config');
  if (config === undefined || common === undefined || !isOf(config, 'HttpGrpcAccessLogConfig')) return false;
  return destinationOf(partOf(common, 'grpc_service')) === destination || textOf(common, 'log_name') === 'ostiary';
}

/** What such a logger would lose or leave out. */
export function* loggerRemarks(logger: Part): Generator<Remark> {
  const config = partOf(logger, 'typed_config');
  const common = config && partOf(config, 'common_config');
  if (config === undefined || common === undefined) return;
  yield* filterRemarks(logger);
  const size = numberOf(common, 'buffer_size_bytes');
  if (size === undefined || size < BUFFER_BYTES) {
    const has = size === undefined ? 'is not set, so Envoy gathers 16 KiB' : `is ${size}`;
    const message = `${has}: what comes while Envoy can't send is dropped beyond that, and nobody is told. Set ${BUFFER_BYTES}`;
    yield { path: fieldOf(common, 'buffer_size_bytes').path, message };
  }
  const interval = fieldOf(common, 'buffer_flush_interval');
  if (typeof interval.value === 'string' && Number.parseFloat(interval.value) > LATEST_FLUSH_S) {
    const message = `is ${interval.value}: entries that come a minute after their decision are late, and it is told as unreported until then. Set 1s`;
    yield { path: interval.path, message };
  }
  yield* headerRemarks(config, 'additional_request_headers_to_log', LOGGED.requestHeaders);
  yield* headerRemarks(config, 'additional_response_headers_to_log', LOGGED.responseHeaders);
  yield* headerRemarks(config, 'additional_response_trailers_to_log', LOGGED.responseTrailers);
}

/** What is not told without each. */
const WITHOUT: Readonly<Record<string, string>> = {
  ':method': 'methods that are not common are told as _other',
  traceparent: 'events have no trace id',
  b3: 'events have no trace id where proxies use B3',
  'x-b3-traceid': 'events have no trace id where proxies use B3',
  'x-forwarded-client-cert': 'the workload that called is not known where another proxy ended its TLS',
  'grpc-status': 'the status of gRPC calls is not known',
};

/** @param part of Envoy, or a provider of Istio; the names are those of `field` there */
export function* headerRemarks(part: Part, field: string, wanted: readonly string[]): Generator<Remark> {
  const logged = new Set(textsOf(part, field).map((name) => name.toLowerCase()));
  const missing = wanted.filter((name) => !logged.has(name));
  if (missing.length === 0) return;
  const effects = [...new Set(missing.map((name) => WITHOUT[name]))];
  yield { path: fieldOf(part, field).path, message: `lacks ${missing.join(', ')}: ${effects.join('; ')}` };
}

/** The one type of entry that counts. */
const END = 'DownstreamEnd';

/** A filter that leaves requests out makes them unreported, for which Envoy is blamed. */
function* filterRemarks(logger: Part): Generator<Remark> {
  const filter = partOf(logger, 'filter');
  if (filter === undefined) return;
  const types = partOf(filter, 'log_type_filter');
  const isExcluding = types !== undefined && fieldOf(types, 'exclude').value === true;
  const hasEnd = types !== undefined && textsOf(types, 'types').includes(END);
  if (types !== undefined && hasEnd !== isExcluding) return;
  const message =
    types === undefined
      ? 'requests that it leaves out are told as unreported: take it away, ostiary needs an entry of each'
      : `leaves out ${END}, the one type of entry that counts: take it away`;
  yield { path: filter.path, message };
}
